/**
 * The buckets beside that of the keys, in which etcd keeps what it knows of itself: all of them are there, hold what
 * etcd writes, and name it as etcd does (etcd: server/storage/schema).
 */
import { readAlarms } from './alarms.ts';
import { readAuth } from './auth.ts';
import { readCluster } from './cluster.ts';
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import type { Entry } from './entries.ts';
import { foreignDatabase } from './foreign.ts';
import { readLeases } from './leases.ts';
import { readMembers, readRemovedMembers } from './members.ts';
import type { BucketFacts, Takers } from './structure.ts';

/** Each is made when a server starts on a new database. */
const always = [
  'alarm',
  'auth',
  'authRoles',
  'authUsers',
  'cluster',
  'key',
  'lease',
  'members',
  'members_removed',
  'meta',
];

/** All that 3.4 to 3.7 write into the buckets whose names are fixed. */
const fields: Record<string, string[]> = {
  auth: ['authEnabled', 'authRevision'],
  cluster: ['clusterVersion', 'downgrade'],
  meta: [
    'confState',
    'consistent_index',
    'finishedCompactRev',
    'scheduledCompactRev',
    'storageVersion',
    'term',
  ],
};

/**
 * For the walk through the whole file: they throw `integrity` where a field has a name that etcd does not write. A later
 * version of etcd may write more, so that only what 3.4 to 3.7 wrote is held to it.
 */
export const fieldTakers = (database: Database, storageVersion: string | null): Takers => {
  if (storageVersion !== null && !/^3\.[4-7]\./.test(storageVersion)) return {};
  const taker = (bucket: string, names: string[]) => (entry: Entry) => {
    const name = entry.key.toString('latin1');
    if (names.includes(name)) return;
    throw damaged(
      database.file.name,
      entry.place,
      `the bucket ${JSON.stringify(bucket)} has a field ${JSON.stringify(name.slice(0, 40))}, which etcd does not write`,
    );
  };
  return Object.fromEntries(Object.entries(fields).map(([bucket, names]) => [bucket, taker(bucket, names)]));
};

/** Throws `integrity` where a bucket is missing, or what is in one cannot be what etcd wrote. */
export const checkOwnBuckets = (database: Database, buckets: BucketFacts[]): void => {
  for (const name of always)
    if (!buckets.some(one => one.name === name)) throw foreignDatabase(database.file.name, name);
  for (const read of [readMembers, readRemovedMembers, readLeases, readAlarms, readAuth, readCluster])
    read(database);
};
