/** Bits by number, as many as are set. */

export type Bitmap = {
  set(at: number): void;
  clear(at: number): void;
  has(at: number): boolean;
  /** How many are set. */
  count(): number;
  copy(): Bitmap;
};

/** All clear; it grows with the greatest that is set. */
export const bitmap = (): Bitmap => over(new Uint32Array(1024));

const over = (given: Uint32Array): Bitmap => {
  let words = given;
  const word = (at: number): number => words[at >>> 5] ?? 0;
  return {
    set: at => {
      const index = at >>> 5;
      if (index >= words.length) {
        const grown = new Uint32Array(Math.max(index + 1, words.length * 2));
        grown.set(words);
        words = grown;
      }
      words[index] = word(at) | (1 << (at & 31));
    },
    clear: at => {
      if (at >>> 5 < words.length) words[at >>> 5] = word(at) & ~(1 << (at & 31));
    },
    has: at => (word(at) & (1 << (at & 31))) !== 0,
    count: () => {
      let count = 0;
      for (const one of words) count += ones(one);
      return count;
    },
    copy: () => over(words.slice()),
  };
};

/** The ones of 32 bits, added up in pairs, fours and bytes. */
const ones = (word: number): number => {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};
