/** Numbers that look random and are the same whenever the seed is: what a test did can be done again. */

/** A whole number from 0 up to `below`, which is left out. */
export type Random = (below: number) => number;

/** The generator "mulberry32": 32 bits of state, quick, and even enough for choosing. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return below => Math.floor((next() / 2 ** 32) * below);
};
