/** Buckets: trees of keys and values, where a value can be a bucket again (bbolt: internal/common/bucket.go). */
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import type { Value } from './element.ts';
import { lookup } from './lookup.ts';
import { type Page, readInlinePage, readPage } from './page.ts';

export type Bucket = {
  /** The root of its tree. */
  root: Page;
};

/** The bucket that holds all others. Throws `integrity`. */
export const rootBucket = async (database: Database): Promise<Bucket> => {
  const { page, pageSize, root } = database.meta;
  return { root: await readPage(database, BigInt(root), { page, offset: page * pageSize }) };
};

/** The bucket `name` inside another; null where there is none. Throws `integrity` where it is a value or damaged. */
export const bucketIn = async (database: Database, parent: Bucket, name: string): Promise<Bucket | null> => {
  const value = await lookup(database, parent.root, Buffer.from(name));
  if (value === null) return null;
  if (!value.bucket || value.size < headerSize)
    throw damaged(database.file.name, value, `${JSON.stringify(name)} is no bucket`);
  const header = await database.file.read(value.offset, headerSize);
  const root = header.readBigUInt64LE(0);
  if (root !== 0n) return { root: await readPage(database, root, value) };
  const inline = { page: value.page, offset: value.offset + headerSize };
  return { root: await readInlinePage(database, inline, value.size - headerSize) };
};

// The id of its root page, and a counter that etcd does not use.
const headerSize = 16;

/**
 * The value of `key` in a bucket, null where there is none. Throws `integrity` where it is a bucket, or has more than
 * `limit` bytes, which is how much a reader is ready to hold.
 */
export const valueIn = async (
  database: Database,
  bucket: Bucket,
  key: Uint8Array,
  limit: number,
): Promise<Buffer | null> => {
  const value = await lookup(database, bucket.root, key);
  if (value === null) return null;
  checkPlain(database, value, limit);
  return await database.file.read(value.offset, value.size);
};

const checkPlain = ({ file }: Database, value: Value, limit: number): void => {
  if (value.bucket) throw damaged(file.name, value, 'there is a bucket where a value should be');
  if (value.size > limit)
    throw damaged(
      file.name,
      value,
      `a value has ${value.size} bytes, and not more than ${limit} are expected`,
    );
};
