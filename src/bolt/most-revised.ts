/**
 * The keys with the most records, exactly, in two passes and bounded memory. The first counts by hash, in so many
 * counters that few keys share one: what a counter says is the most that any of its keys can have. The second counts the
 * keys of the greatest counters alone, each for itself.
 */
import { randomBytes } from 'node:crypto';
import { keyHash } from './key-hash.ts';
import { newLargest } from './largest.ts';

/** A key, as a record of it that can be found again. */
export type Revised = {
  records: number;
  /** Of all of them, as the database holds them. */
  bytes: number;
  /** Of the newest. */
  main: number;
  sub: number;
  live: boolean;
};

/** Where its key is, and of how many bytes all of it is. */
export type RevisedRecord = { start: number; end: number; size: number } & Pick<
  Revised,
  'main' | 'sub' | 'live'
>;

export type MostRevised = {
  /** The first pass: the key of each record, which are the bytes from `start` to `end`. */
  count(bytes: Uint8Array, start: number, end: number): void;
  /** The second: each record again, in the same order. */
  add(bytes: Uint8Array, record: RevisedRecord): void;
  /** The most first, each with two records at least; no key that is left out has more than `others`. */
  top(limit: number): { rows: Revised[]; others: number };
};

// 8 MiB: a fifth of the keys share a counter where there are a million.
const counters = 2 ** 22;
const most = 2 ** 16 - 1;
// Some MiB, and as much again where keys share counters.
const candidates = 20_000;

export const newMostRevised = (): MostRevised => {
  const hashOf = keyHash(randomBytes(8));
  const hash = new Uint32Array(3);
  const counts = new Uint16Array(counters);
  const known = new Map<number, Revised>();
  let least = 0;
  return {
    count: (bytes, start, end) => {
      hashOf(bytes, hash, start, end);
      const at = (hash[0] ?? 0) % counters;
      counts[at] = Math.min((counts[at] ?? 0) + 1, most);
    },
    add: (bytes, { start, end, size, main, sub, live }) => {
      least ||= leastOf(counts);
      hashOf(bytes, hash, start, end);
      if ((counts[(hash[0] ?? 0) % counters] ?? 0) < least) return;
      // 53 bits beside the counter's own: no two keys have them all.
      const id = (hash[1] ?? 0) * 2 ** 21 + ((hash[2] ?? 0) >>> 11);
      const one = known.get(id);
      if (!one) {
        known.set(id, { records: 1, bytes: size, main, sub, live });
        return;
      }
      one.records += 1;
      one.bytes += size;
      [one.main, one.sub, one.live] = [main, sub, live];
    },
    top: limit => {
      const largest = newLargest<Revised>(limit + 1);
      for (const one of known.values()) if (one.records >= Math.max(least, 2)) largest.add(one.records, one);
      const [rows, next] = [largest.all().slice(0, limit), largest.all()[limit]];
      return { rows, others: next?.records ?? Math.max(least - 1, 1) };
    },
  };
};

/** The least count that not more counters than `candidates` have reached. */
const leastOf = (counts: Uint16Array): number => {
  const reached = new Uint32Array(4096);
  for (const count of counts) {
    const at = Math.min(count, reached.length - 1);
    reached[at] = (reached[at] ?? 0) + 1;
  }
  let [least, above] = [reached.length, 0];
  while (least > 2 && above + (reached[least - 1] ?? 0) <= candidates) {
    least -= 1;
    above += reached[least] ?? 0;
  }
  return least;
};
