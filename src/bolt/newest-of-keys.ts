/** The newest record of each key, in typed arrays: a table with open addressing, whose slots are four words. */

/** A key by its hash of three words, and the number of its newest record. */
export type NewestOfKeys = {
  /** How many keys are in it. */
  size(): number;
  /** Makes `record` the newest of the key with that hash; gives the one before, or -1. */
  replace(hash: Uint32Array, record: number): number;
  /** Every key and its newest record, in no order; `hash` is valid until the next. */
  each(take: (hash: Uint32Array, record: number) => void): void;
};

/** Empty; doubled when it is two thirds full, so that at its largest it has 48 bytes a key, and while it grows 72. */
export const newestOfKeys = (): NewestOfKeys => {
  let slots = new Uint32Array(4 * 1024);
  let count = 0;
  return {
    size: () => count,
    replace: (hash, record) => {
      const at = find(slots, hash);
      const before = (slots[at + 3] ?? 0) - 1;
      put(slots, at, hash, record);
      if (before === -1 && ++count * 6 > slots.length) slots = doubled(slots);
      return before;
    },
    each: take => each(slots, take),
  };
};

/** Where the key is, or the empty slot where it belongs. */
const find = (slots: Uint32Array, hash: Uint32Array): number => {
  const mask = slots.length - 1;
  const [first, second, third] = [hash[0] ?? 0, hash[1] ?? 0, hash[2] ?? 0];
  let at = (first << 2) & mask;
  while (slots[at + 3] !== 0) {
    if (slots[at] === first && slots[at + 1] === second && slots[at + 2] === third) break;
    at = (at + 4) & mask;
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

const doubled = (slots: Uint32Array): Uint32Array<ArrayBuffer> => {
  const grown = new Uint32Array(2 * slots.length);
  each(slots, (hash, record) => put(grown, find(grown, hash), hash, record));
  return grown;
};
