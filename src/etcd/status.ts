/** What a member says of itself. */
import type { EtcdClient } from './client.ts';
import { statusMethod } from './messages.ts';
import { toNumber, toNumberOrNull } from './numbers.ts';

export type MemberStatus = {
  endpoint: string;
  /** Ids are decimal: they are beyond 2^53. */
  clusterId: string;
  memberId: string;
  /** Of the server's program, such as `3.6.16`. */
  version: string;
  /** Of the data, such as `3.6.0`; null before 3.6. */
  storageVersion: string | null;
  revision: number;
  raftTerm: number;
  raftIndex: number;
  raftAppliedIndex: number | null;
  /** The id of the member that this one takes for the leader; `0` when it knows none. */
  leader: string;
  learner: boolean;
  /** Bytes of the database file, and those of them that hold something. */
  dbSize: number;
  dbSizeInUse: number | null;
  /** Bytes that the database may grow to; null before 3.6. */
  quota: number | null;
  /** Alarms of the whole cluster and troubles of this member, in etcd's words. */
  errors: string[];
};

/**
 * Asks the member itself, so it answers without a quorum. With authentication enabled it wants a user since 3.4.42,
 * 3.5.28 and 3.6.0. Throws `etcd`, or the signal's reason.
 */
export const memberStatus = async (
  client: EtcdClient,
  { signal }: { signal: AbortSignal },
): Promise<MemberStatus> => {
  const answer = await client.unary(statusMethod, {}, { operation: 'ask for the status', signal });
  return {
    endpoint: client.endpoint,
    clusterId: answer.header?.cluster_id ?? '0',
    memberId: answer.header?.member_id ?? '0',
    version: answer.version,
    storageVersion: answer.storageVersion || null,
    revision: toNumber(answer.header?.revision ?? '0', 'revision'),
    raftTerm: toNumber(answer.raftTerm, 'raftTerm'),
    raftIndex: toNumber(answer.raftIndex, 'raftIndex'),
    raftAppliedIndex: toNumberOrNull(answer.raftAppliedIndex, 'raftAppliedIndex'),
    leader: answer.leader,
    learner: answer.isLearner,
    dbSize: toNumber(answer.dbSize, 'dbSize'),
    dbSizeInUse: toNumberOrNull(answer.dbSizeInUse, 'dbSizeInUse'),
    quota: toNumberOrNull(answer.dbSizeQuota, 'dbSizeQuota'),
    errors: answer.errors,
  };
};
