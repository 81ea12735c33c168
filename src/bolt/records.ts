/**
 * What the bucket `key` holds: a record for each change of a key, ordered by revision (etcd:
 * server/storage/mvcc/revision.go and kvstore.go).
 */
import { type Bucket, bucketIn, rootBucket } from './bucket.ts';
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { type Entry, entries } from './entries.ts';
import { foreignDatabase } from './foreign.ts';
import { type KeyValue, keyValueReader, leaseAt, newKeyValue } from './key-value.ts';
import type { Walk } from './leaves.ts';

/**
 * One object for all of a walk: it and its bytes hold until the next step, and whoever keeps any of it copies it. All
 * buffers are views, made when they are asked for.
 */
export type KeyRecord = KeyValue & {
  /** The revision, and the number of the change within it. */
  main: number;
  sub: number;
  /** The key was deleted; then only the key is said. */
  tombstone: boolean;
  /** Where it stands; its `bytes` have the raw key and the raw value one behind the other. */
  entry: Entry;
  readonly rawKey: Buffer;
  /** Empty for the one record that a restore with `--bump-revision` adds, whose `key` is empty too. */
  readonly rawValue: Buffer;
  readonly key: Buffer;
  readonly value: Buffer;
  /** 0 without one. */
  readonly lease: bigint;
  readonly place: Entry['place'];
};

/**
 * Iterates the changes of all keys, from the revision `from` on. Throws `integrity` where there is no bucket `key`, for
 * all that `entries` throws it for, and where a record is not as etcd writes it.
 */
export function* records(
  database: Database,
  { from, visit }: { from?: number; visit?: Walk['visit'] } = {},
): Generator<KeyRecord, void, void> {
  const first = from === undefined ? undefined : firstOf(from);
  const read = recordReader(database);
  for (const entry of entries(database, keyBucket(database), first, visit)) yield read(entry);
}

/** The bucket of all records. Throws `integrity` where there is none. */
const keyBucket = (database: Database): Bucket => {
  const bucket = bucketIn(database, rootBucket(database), 'key');
  if (bucket === null) throw foreignDatabase(database.file.name, 'key');
  return bucket;
};

/**
 * Makes a function that reads entries of the bucket `key`, for who walks it himself. It throws `integrity` where one is
 * not as etcd writes it, and returns the same object each time.
 */
export const recordReader = ({ file: { name } }: Database): ((entry: Entry) => KeyRecord) => {
  let record: KeyRecord | null = null;
  const readMessage = keyValueReader();
  return entry => {
    record ??= newRecord(entry);
    record.entry = entry;
    if (entry.bucket) throw damaged(name, entry.place, 'there is a bucket where a record should be');
    readRevision(name, entry, record);
    const fault = readMessage(entry.bytes, entry.middle, entry.end, record);
    const { main, modRevision, tombstone } = record;
    if (fault !== null) throw damaged(name, entry.place, `the record of revision ${main} ${fault}`);
    if (modRevision !== main && !tombstone && entry.middle < entry.end)
      throw damaged(name, entry.place, `the record of revision ${main} says that it is of ${modRevision}`);
    return record;
  };
};

const newRecord = (entry: Entry): KeyRecord => ({
  main: 0,
  sub: 0,
  tombstone: false,
  ...newKeyValue(),
  entry,
  get rawKey() {
    return this.entry.key;
  },
  get rawValue() {
    return this.entry.value;
  },
  get key() {
    return this.entry.bytes.subarray(this.keyStart, this.keyEnd);
  },
  get value() {
    return this.entry.bytes.subarray(this.valueStart, this.valueEnd);
  },
  get lease() {
    return this.leaseStart === 0 ? 0n : leaseAt(this.entry.bytes, this.leaseStart);
  },
  get place() {
    return this.entry.place;
  },
});

/** Main and sub revision with `_` between, and `t` behind those of a tombstone. */
const readRevision = (name: string, entry: Entry, record: KeyRecord): void => {
  const { bytes, start, middle } = entry;
  const size = middle - start;
  record.tombstone = size === 18 && bytes[start + 17] === 0x74;
  if ((size !== 17 && !record.tombstone) || bytes[start + 8] !== 0x5f) {
    const key = bytes.toString('hex', start, Math.min(middle, start + 40));
    throw damaged(name, entry.place, `the key ${key} is no revision`);
  }
  record.main = bytes.readUInt32BE(start) * 2 ** 32 + bytes.readUInt32BE(start + 4);
  record.sub = bytes.readUInt32BE(start + 9) * 2 ** 32 + bytes.readUInt32BE(start + 13);
  if (record.main > Number.MAX_SAFE_INTEGER || record.sub > Number.MAX_SAFE_INTEGER)
    throw damaged(name, entry.place, `its revision ${record.main} is beyond 2^53`);
};

const firstOf = (main: number): Buffer => {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(main));
  return key;
};
