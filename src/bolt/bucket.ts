/** Buckets: trees of keys and values, where a value can be a bucket again (bbolt: internal/common/bucket.go). */
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import type { Value } from './element.ts';
import { lookup } from './lookup.ts';
import { idAt, type Page, placeIn, readInlinePage, readPage } from './page.ts';

export type Bucket = {
  /** The root of its tree. */
  root: Page;
};

/** The bucket that holds all others. Throws `integrity`. */
export const rootBucket = (database: Database): Bucket => {
  const { page, pageSize, root } = database.meta;
  return { root: readPage(database, root, { page, offset: page * pageSize }) };
};

/** The bucket `name` inside another; null where there is none. Throws `integrity` where it is a value or damaged. */
export const bucketIn = (database: Database, parent: Bucket, name: string): Bucket | null => {
  const value = lookup(database, parent.root, Buffer.from(name));
  return value === null ? null : bucketAt(database, value, name);
};

/** The bucket whose header is that value; errors call it `name`. Throws `integrity` where it is a value or damaged. */
export const bucketAt = (database: Database, value: Value, name: string): Bucket => {
  if (!value.bucket || value.size < headerSize)
    throw damaged(database.file.name, value, `${JSON.stringify(name)} is no bucket`);
  const header = database.file.read(value.offset, headerSize);
  const [root, counter] = [idAt(header, 0), idAt(header, 8)];
  if (counter !== 0)
    throw damaged(
      database.file.name,
      value,
      `${JSON.stringify(name)} counts ${counter}, which etcd never does`,
    );
  if (root !== 0 && value.size > headerSize)
    throw damaged(database.file.name, value, `${JSON.stringify(name)} has a page of its own and one inside`);
  if (root !== 0) {
    const page = readPage(database, root, value);
    // bbolt puts a bucket without entries into the root (bbolt: bucket.go, inlineable).
    if (page.kind === 'leaf' && page.count === 0)
      throw damaged(database.file.name, placeIn(page, 0), `${JSON.stringify(name)} is empty here`);
    return { root: page };
  }
  const inline = { page: value.page, offset: value.offset + headerSize };
  return { root: readInlinePage(database, inline, value.size - headerSize) };
};

// The id of its root page, and a counter that etcd does not use.
const headerSize = 16;

/**
 * The value of `key` in a bucket, null where there is none. Throws `integrity` where it is a bucket, or has more than
 * `limit` bytes, which is how much a reader is ready to hold.
 */
export const valueIn = (
  database: Database,
  bucket: Bucket,
  key: Uint8Array,
  limit: number,
): Buffer | null => {
  const value = lookup(database, bucket.root, key);
  if (value === null) return null;
  checkPlain(database, value, limit);
  return database.file.read(value.offset, value.size);
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
