/**
 * What etcd keeps of itself in the bucket `meta` (etcd: server/storage/schema/bucket.go, cindex.go, version.go;
 * server/storage/mvcc/store.go and revision.go).
 */
import { SnapbackError } from '../errors.ts';
import { type Bucket, bucketIn, rootBucket, valueIn } from './bucket.ts';
import { type Database, openDatabase } from './database.ts';
import { foreignDatabase } from './foreign.ts';

export type MetaBucket = {
  /** The version of the data, `3.6.0`, whose last number is always 0; null before 3.6. */
  storageVersion: string | null;
  /** The raft entry that was applied last, and its term, which 3.4 does not write. */
  consistentIndex: number | null;
  term: number | null;
  /** The revision that was compacted to, as it was asked for and as it was done; null where it never was. */
  scheduledCompactRevision: number | null;
  finishedCompactRevision: number | null;
};

/**
 * Reads it from the snapshot file or database at `path`; a few pages of it are read, and none of its keys and values.
 * Throws `integrity` where it is no database of etcd or damaged on the way, and `failed` where it cannot be read.
 */
export const readMetaBucket = ({ path }: { path: string }, { name }: { name: string }): MetaBucket => {
  using database = openDatabase(path, name);
  const bucket = bucketIn(database, rootBucket(database), 'meta');
  if (bucket === null) throw foreignDatabase(name, 'meta');
  const field = <T>(field: string, parse: (bytes: Buffer) => T | null) =>
    parsed(database, bucket, field, parse);
  return {
    storageVersion: field('storageVersion', version),
    consistentIndex: field('consistent_index', counter),
    term: field('term', counter),
    scheduledCompactRevision: field('scheduledCompactRev', revision),
    finishedCompactRevision: field('finishedCompactRev', revision),
  };
};

const limit = 64;

const parsed = <T>(
  database: Database,
  bucket: Bucket,
  name: string,
  parse: (bytes: Buffer) => T | null,
): T | null => {
  const bytes = valueIn(database, bucket, Buffer.from(name), limit);
  if (bytes === null) return null;
  const value = parse(bytes);
  if (value === null) throw unreadable(database.file.name, name, bytes);
  return value;
};

const version = (bytes: Buffer): string | null =>
  /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.exec(bytes.toString('latin1'))?.[0] ?? null;

const counter = (bytes: Buffer): number | null =>
  bytes.length === 8 ? safe(bytes.readBigUInt64BE(0)) : null;

/** Main and sub revision with `_` between, as in the keys of the bucket `key`; the sub revision is 0. */
const revision = (bytes: Buffer): number | null =>
  bytes.length === 17 && bytes[8] === 0x5f ? safe(bytes.readBigUInt64BE(0)) : null;

/** Null beyond 2^53, which no counter of a real etcd reaches. */
const safe = (value: bigint): number | null =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : null;

const unreadable = (name: string, field: string, bytes: Buffer): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: name,
    reason: `has something else than etcd writes as ${field}: ${bytes.toString('hex')}`,
    hint: 'It is damaged, or of a version of etcd that this program does not know.',
  });
