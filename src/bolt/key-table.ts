/**
 * Which records of a database are the newest of their keys. The records come in the order of their revisions, so that
 * only a table of all keys tells; it has hashes and numbers alone, in typed arrays up to two million keys (80 MiB at most),
 * and beyond that on a disk. Two keys with one hash of 95 bits would pass for the same, which of any number of keys that
 * fit into a database no two have.
 */
import { randomBytes } from 'node:crypto';
import { type Bitmap, bitmap } from './bitmap.ts';
import { keyHash } from './key-hash.ts';
import { type KeyPartitions, type KeyRecord, openKeyPartitions } from './key-partitions.ts';
import { type NewestOfKeys, newestOfKeys } from './newest-of-keys.ts';

/** What lives at a revision. */
export type Living = {
  /** How many keys there are: without the empty one, under which a restore with `--bump-revision` writes a record. */
  keys: number;
  /** True where the record with that number, counted from 0, is the newest of its key and no tombstone. */
  has(record: number): boolean;
  /** True where that is so of none. */
  nothing: boolean;
};

export type KeyTable = {
  /** Takes the next record; its key is the bytes from `start` to `end`, all where nothing is said. */
  add(bytes: Uint8Array, tombstone: boolean, start?: number, end?: number): void;
  /** Counts the next record, and takes it for no key's. */
  skip(): void;
  /** At most once: what lives at this place will be told too. */
  mark(): void;
  /** After the last record. */
  finish(): { marked: Living | null; newest: Living };
  [Symbol.dispose](): void;
};

const inMemory = 2_000_000;

/**
 * Beyond `limit` keys there are files in the folder `scratch`, 16 bytes a record: 0600, and gone however the process
 * ends. Throws `failed` where the disk cannot take them.
 */
export const openKeyTable = ({
  scratch,
  limit = inMemory,
}: {
  scratch: string;
  limit?: number;
}): KeyTable => {
  const hashOf = keyHash(randomBytes(8));
  const hash = new Uint32Array(3);
  const one: KeyRecord = { hash, record: 0, tombstone: false };
  const live = bitmap();
  let marked: Marked | null = null;
  const keys = newestOfKeys();
  let partitions: KeyPartitions | null = null;
  let records = 0;
  let nameless = -1;
  const apply = (known: NewestOfKeys, one: KeyRecord) => {
    const before = known.replace(one.hash, one.record);
    replace(live, before, one);
    if (marked && one.record < marked.until) replace(marked.live, before, one);
  };
  const spill = () => {
    const files = openKeyPartitions(scratch);
    // The bits have what the others would tell.
    keys.each((hash, record) => {
      files.add({ hash, record, tombstone: !live.has(record) });
    });
    keys[Symbol.dispose]();
    partitions = files;
  };
  return {
    add: (bytes, tombstone, start = 0, end = bytes.length) => {
      hashOf(bytes, hash, start, end);
      one.record = records++;
      one.tombstone = tombstone;
      if (start === end) nameless = one.record;
      if (partitions) return partitions.add(one);
      apply(keys, one);
      if (keys.size() > limit) spill();
    },
    skip: () => {
      records++;
    },
    mark: () => {
      marked = { until: records, live: live.copy(), nameless };
    },
    finish: () => {
      for (const part of partitions?.parts() ?? []) {
        using own = newestOfKeys();
        for (const one of part) apply(own, one);
      }
      return { marked: marked && living(marked), newest: living({ live, nameless }) };
    },
    [Symbol.dispose]: () => {
      keys[Symbol.dispose]();
      partitions?.[Symbol.dispose]();
    },
  };
};

/** What lives before the record with the number `until`; `nameless` is the newest of the empty key, or -1. */
type Marked = { until: number; live: Bitmap; nameless: number };

const replace = (live: Bitmap, before: number, { record, tombstone }: KeyRecord): void => {
  if (before !== -1) live.clear(before);
  if (!tombstone) live.set(record);
};

const living = ({ live, nameless }: Pick<Marked, 'live' | 'nameless'>): Living => {
  const set = live.count();
  return { keys: set - (live.has(nameless) ? 1 : 0), has: live.has, nothing: set === 0 };
};
