/** What the cluster agreed on (etcd: server/storage/schema/membership.go and confstate.go). */
import { SnapbackError } from '../errors.ts';
import { bucketIn, rootBucket, valueIn } from './bucket.ts';
import type { Database } from './database.ts';
import { idsIn, objectIn, parseGoJson } from './go-json.ts';

export type StoredCluster = {
  /** The version that all members can work with, `3.6.0`; null where it was never written. */
  version: string | null;
  /** The minor version that the cluster is on its way down to; null where it is not. */
  downgradeTo: string | null;
  /** Who votes in raft and who only listens, decimal ids; null before 3.5. */
  confState: { voters: string[]; learners: string[] } | null;
};

/** Throws `integrity`. */
export const readCluster = (database: Database): StoredCluster => {
  const read = <T>(bucket: string, key: string, parse: (value: Buffer) => T | null): T | null => {
    const parent = bucketIn(database, rootBucket(database), bucket);
    const value = parent && valueIn(database, parent, Buffer.from(key), valueLimit);
    if (value === null) return null;
    const parsed = parse(value);
    if (parsed === null)
      throw unreadable(database.file.name, `${key} in the bucket ${JSON.stringify(bucket)}`);
    return parsed;
  };
  const downgrade = read('cluster', 'downgrade', downgradeIn);
  return {
    version: read('cluster', 'clusterVersion', versionIn),
    downgradeTo: downgrade?.enabled ? downgrade.target : null,
    confState: read('meta', 'confState', confStateIn),
  };
};

const valueLimit = 64 * 1024;

const versionIn = (value: Buffer): string | null =>
  /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.exec(value.toString('latin1'))?.[0] ?? null;

const downgradeIn = (value: Buffer): { enabled: boolean; target: string } | null => {
  const { enabled, 'target-version': target } = objectIn(parseGoJson(value)) ?? {};
  return typeof enabled === 'boolean' && typeof target === 'string' ? { enabled, target } : null;
};

const confStateIn = (value: Buffer): StoredCluster['confState'] => {
  const fields = objectIn(parseGoJson(value));
  const [voters, learners] = [idsIn(fields?.voters), idsIn(fields?.learners)];
  return fields && voters && learners ? { voters, learners } : null;
};

const unreadable = (name: string, field: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: name,
    reason: `has something else than etcd writes as ${field}`,
    hint: 'It is damaged, or of a version of etcd that this program does not know.',
  });
