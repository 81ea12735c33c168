/**
 * Rows by key in memory that is not V8's, so that it is known how much it is: the bytes of the keys one behind the other,
 * their rows, and a table of hashes that finds them (open addressing; a secret in every run, as in key-hash.ts).
 */
import { randomBytes } from 'node:crypto';
import { keyHash } from './key-hash.ts';
import { rowSize } from './live-row.ts';

export type RowTable = {
  /** The place of that key's row, which a new key gets; -1 where there is no room for one more. */
  place(bytes: Buffer, start: number, end: number): number;
  rows: Buffer;
  /** A character a byte (latin1), and the place of its row. */
  inOrder(): Generator<{ key: string; at: number }, void, void>;
  /** Forgets all. */
  clear(): void;
};

/** `limit` is in bytes, for keys and rows; one key has room in any case. */
export const newRowTable = (limit: number): RowTable => {
  const most = Math.max(1, Math.floor(limit / (2 * rowSize)));
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(most * 2)));
  const rows = Buffer.alloc(most * rowSize);
  // One more than there are keys: where each begins, and the last ends.
  const starts = new Uint32Array(most + 1);
  let keys = Buffer.alloc(Math.max(1, limit - rows.length));
  let size = 0;
  const hash = keyHash(randomBytes(8));
  const words = new Uint32Array(3);
  const begin = (row: number) => starts[row] ?? 0;

  const isKey = (row: number, bytes: Buffer, start: number, end: number): boolean => {
    const from = begin(row);
    if (begin(row + 1) - from !== end - start) return false;
    for (let at = 0; at < end - start; at += 1) if (keys[from + at] !== bytes[start + at]) return false;
    return true;
  };

  const added = (slot: number, bytes: Buffer, start: number, end: number): number => {
    const from = begin(size);
    if (size > 0 && (size === most || from + end - start > keys.length)) return -1;
    if (end - start > keys.length) keys = Buffer.alloc(end - start);
    bytes.copy(keys, from, start, end);
    slots[slot] = size + 1;
    size += 1;
    starts[size] = from + end - start;
    return (size - 1) * rowSize;
  };

  return {
    rows,
    place: (bytes, start, end) => {
      hash(bytes.subarray(start, end), words);
      for (let slot = (words[0] ?? 0) & (slots.length - 1); ; slot = (slot + 1) & (slots.length - 1)) {
        const row = (slots[slot] ?? 0) - 1;
        if (row < 0) return added(slot, bytes, start, end);
        if (isKey(row, bytes, start, end)) return row * rowSize;
      }
    },
    inOrder: function* () {
      const order = Uint32Array.from({ length: size }, (_, row) => row);
      // The byte of a key that counts: -1 behind its end, which comes before all bytes.
      sortBy(order, (row, depth) => {
        const at = begin(row) + depth;
        return at < begin(row + 1) ? (keys[at] ?? 0) : -1;
      });
      for (const row of order)
        yield { key: keys.toString('latin1', begin(row), begin(row + 1)), at: row * rowSize };
    },
    clear: () => {
      size = 0;
      slots.fill(0);
    },
  };
};

type Range = { low: number; high: number; depth: number };

/** Sorts texts by their bytes, three ways at each byte (Bentley and Sedgewick, "Fast algorithms for sorting strings"). */
const sortBy = (order: Uint32Array, byteAt: (item: number, depth: number) => number): void => {
  const byte = (at: number, depth: number) => byteAt(order[at] ?? 0, depth);
  const swap = (a: number, b: number) => {
    const item = order[a] ?? 0;
    order[a] = order[b] ?? 0;
    order[b] = item;
  };
  const ranges: Range[] = [{ low: 0, high: order.length, depth: 0 }];
  for (let range = ranges.pop(); range; range = ranges.pop()) {
    const { low, high, depth } = range;
    if (high - low < 2) continue;
    // Any item will do; what comes from a database is often in order already, so the middle one.
    const pivot = byte((low + high) >> 1, depth);
    let [less, at, greater] = [low, low, high];
    while (at < greater) {
      const one = byte(at, depth);
      if (one < pivot) swap(less++, at++);
      else if (one > pivot) swap(at, --greater);
      else at += 1;
    }
    ranges.push({ low, high: less, depth }, { low: greater, high, depth });
    if (pivot >= 0) ranges.push({ low: less, high: greater, depth: depth + 1 });
  }
};
