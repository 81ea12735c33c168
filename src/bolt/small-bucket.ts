/** A bucket of which etcd holds all in memory: members, leases, alarms, users, roles. Hostile ones are held in part. */
import { bucketIn, rootBucket } from './bucket.ts';
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { entries } from './entries.ts';

/** The first rows, in the order of the bucket, and how many there are. */
export type Listed<T> = { total: number; rows: T[] };

/** Gives the row, or what is wrong with the value; what it keeps of the two it copies. */
type Parse<T> = (key: Buffer, value: Buffer) => T | string;

/**
 * Reads the bucket `name`, none of whose rows is a text; where there is no such bucket it is empty. At most 1,000 rows
 * of at most 4 MiB together are parsed, the others are counted. Throws `integrity` where one cannot be what etcd wrote.
 */
export const readSmallBucket = <T extends object>(
  database: Database,
  name: string,
  parse: Parse<T>,
): Listed<T> => {
  const listed: Listed<T> = { total: 0, rows: [] };
  const bucket = bucketIn(database, rootBucket(database), name);
  if (bucket === null) return listed;
  let bytes = 0;
  for (const { key, value, bucket: nested, place } of entries(database, bucket)) {
    const wrong = (reason: string) =>
      damaged(database.file.name, place, `in the bucket ${JSON.stringify(name)}, ${reason}`);
    listed.total += 1;
    bytes += key.length + value.length;
    if (nested) throw wrong('there is a bucket where a value should be');
    if (value.length > valueLimit)
      throw wrong(`a value has ${value.length} bytes, and not more than ${valueLimit} are expected`);
    if (listed.rows.length >= rowLimit || bytes > byteLimit) continue;
    const row = parse(key, value);
    if (typeof row === 'string') throw wrong(row);
    listed.rows.push(row);
  }
  return listed;
};

const rowLimit = 1000;
const byteLimit = 4 * 1024 * 1024;
const valueLimit = 1024 * 1024;
