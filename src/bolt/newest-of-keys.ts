/** The newest record of each key, in typed arrays: a table with open addressing, whose slots are four words. */
import { randomInt } from 'node:crypto';

/** A key by its hash of three words, and the number of its newest record. */
export type NewestOfKeys = {
  /** How many keys are in it. */
  size(): number;
  /** Makes `record` the newest of the key with that hash; gives the one before, or -1. */
  replace(hash: Uint32Array, record: number): number;
  /** Every key and its newest record, in no order; `hash` is valid until the next. */
  each(take: (hash: Uint32Array, record: number) => void): void;
  /** Gives its memory back at once. */
  [Symbol.dispose](): void;
};

/** Empty; it grows by half when it is three quarters full: 21 to 32 bytes a key, and while it grows 53. */
export const newestOfKeys = (): NewestOfKeys => {
  // Odd, so that no two hashes become one. Without it a table that is filled in the order of another one would put all
  // that it gets at first beside each other.
  const salt = 2 * randomInt(2 ** 31) + 1;
  let slots: Slots = new Uint32Array(4 * 1024);
  let count = 0;
  return {
    size: () => count,
    replace: (hash, record) => {
      const at = find(slots, hash, salt);
      const before = (slots[at + 3] ?? 0) - 1;
      put(slots, at, hash, record);
      if (before === -1 && ++count * 16 > 3 * slots.length) slots = grown(slots, salt);
      return before;
    },
    each: take => each(slots, take),
    [Symbol.dispose]: () => release(slots),
  };
};

/** Where the key is, or the empty slot where it belongs. */
const find = (slots: Uint32Array, hash: Uint32Array, salt: number): number => {
  const [first, second, third] = [hash[0] ?? 0, hash[1] ?? 0, hash[2] ?? 0];
  let at = 4 * Math.floor((Math.imul(first, salt) >>> 0) * (slots.length / 2 ** 34));
  while (slots[at + 3] !== 0) {
    if (slots[at] === first && slots[at + 1] === second && slots[at + 2] === third) break;
    at = at + 4 === slots.length ? 0 : at + 4;
  }
  return at;
};

/** The number is kept as one more than it is: 0 is an empty slot. */
const put = (slots: Uint32Array, at: number, hash: Uint32Array, record: number): void => {
  slots[at] = hash[0] ?? 0;
  slots[at + 1] = hash[1] ?? 0;
  slots[at + 2] = hash[2] ?? 0;
  slots[at + 3] = record + 1;
};

const each = (slots: Uint32Array, take: (hash: Uint32Array, record: number) => void): void => {
  const hash = new Uint32Array(3);
  for (let at = 0; at < slots.length; at += 4) {
    const record = (slots[at + 3] ?? 0) - 1;
    if (record === -1) continue;
    for (let word = 0; word < 3; word++) hash[word] = slots[at + word] ?? 0;
    take(hash, record);
  }
};

type Slots = Uint32Array<ArrayBuffer>;

const grown = (slots: Slots, salt: number): Slots => {
  const larger = new Uint32Array(4 * Math.ceil((slots.length / 4) * 1.5));
  each(slots, (hash, record) => put(larger, find(larger, hash, salt), hash, record));
  release(slots);
  return larger;
};

/** Garbage is collected when V8 finds the time for it; tens of MiB are better not left to that. */
const release = (slots: Slots): void => {
  if (!slots.buffer.detached) slots.buffer.transfer(0);
};
