/** Who belongs to the cluster, and who did (etcd: server/storage/schema/membership.go; membership/member.go). */
import type { Database } from './database.ts';
import { idIn, objectIn, parseGoJson, textsIn } from './go-json.ts';
import { type Listed, readSmallBucket } from './small-bucket.ts';

export type StoredMember = {
  /** Decimal. */
  id: string;
  /** Empty for one that was added and has never started. */
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  learner: boolean;
};

/**
 * The members as the database has them, which is what the cluster was when the snapshot was taken; a restore replaces
 * them. Throws `integrity`.
 */
export const readMembers = (database: Database): Listed<StoredMember> =>
  readSmallBucket(database, 'members', (key, value) => {
    const id = idOfKey(key);
    const fields = objectIn(parseGoJson(value));
    const [peerURLs, clientURLs] = [textsIn(fields?.peerURLs), textsIn(fields?.clientURLs)];
    const { name = '', isLearner = false } = fields ?? {};
    if (id === null) return notAnId(key);
    if (fields === null || peerURLs === null || clientURLs === null)
      return `member ${id} is not as etcd writes it`;
    if (typeof name !== 'string' || typeof isLearner !== 'boolean')
      return `member ${id} is not as etcd writes it`;
    if (idIn(fields.id) !== id) return `member ${id} says that it is another`;
    return { id, name, peerURLs, clientURLs, learner: isLearner };
  });

/** The ids of those that were removed, decimal: etcd never lets one of them come back. Throws `integrity`. */
export const readRemovedMembers = (database: Database): Listed<{ id: string }> =>
  readSmallBucket(database, 'members_removed', key => {
    const id = idOfKey(key);
    return id === null ? notAnId(key) : { id };
  });

/** Hexadecimal digits without leading zeros (etcd: client/pkg/types/id.go). */
const idOfKey = (key: Buffer): string | null => {
  const text = key.toString('latin1');
  return /^[0-9a-f]{1,16}$/.test(text) ? String(BigInt(`0x${text}`)) : null;
};

const notAnId = (key: Buffer): string => `a key of ${key.length} bytes is not the id of a member`;
