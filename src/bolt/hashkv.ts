/**
 * HashKV of a file, as a server on it would say it (etcd: server/storage/mvcc/hash.go, unsafeHashByRev; before 3.6
 * server/mvcc/hash.go, in 3.4 mvcc/kvstore.go, HashByRev; index.go and key_index.go, Keep).
 */
import { type Crc32c, crc32c } from './crc32c.ts';
import type { Living } from './key-table.ts';
import type { KeyRecord } from './records.ts';

export type HashKV = {
  /** Takes the next record: all of the bucket `key`, in order. */
  add(record: KeyRecord): void;
  value(): number;
};

export type Hashing = {
  /** Records after it are left out. */
  revision: number;
  /** -1 where nothing was ever compacted. */
  compactRevision: number;
  /** What lives at `revision`. */
  living: Living;
};

/**
 * What compaction gives up is left out, whether it is gone already or not: of the records up to the compact revision
 * only those that live at `revision` count, unless nothing lives at all. A tombstone of just the compact revision never
 * counts: from 3.4.34, 3.5.16 and 3.6 on compaction leaves it in the file, and before it did not.
 */
export const hashKV = ({ revision, compactRevision, living }: Hashing): HashKV => {
  const sum: Crc32c = crc32c();
  sum.update(Buffer.from('key'));
  let number = -1;
  const counts = ({ main, tombstone }: KeyRecord): boolean => {
    if (main > revision) return false;
    if (main > compactRevision) return true;
    if (!living.nothing && !living.has(number)) return false;
    return !(main === compactRevision && tombstone);
  };
  return {
    add: record => {
      number++;
      if (!counts(record)) return;
      const { bytes, start, end } = record.entry;
      sum.update(bytes, start, end);
    },
    value: sum.value,
  };
};
