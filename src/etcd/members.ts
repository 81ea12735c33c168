/** The members of the cluster, as one of them knows them. */
import type { EtcdClient } from './client.ts';

export type Member = {
  /** Decimal. */
  id: string;
  /** Empty for a member that was added and never started. */
  name: string;
  peerURLs: string[];
  clientURLs: string[];
  learner: boolean;
};

/**
 * From the member's own memory, so it answers without a quorum. Throws `etcd` (a learner does not tell: `refusalOf`
 * gives `learner`), or the signal's reason.
 */
export const listMembers = async (
  client: EtcdClient,
  { signal }: { signal: AbortSignal },
): Promise<Member[]> => {
  const answer = await client.etcd3(
    (etcd3, options) => etcd3.cluster.memberList({ linearizable: false }, options),
    { operation: 'list the members', signal },
  );
  return answer.members.map(member => ({
    id: member.ID,
    name: member.name,
    peerURLs: member.peerURLs,
    clientURLs: member.clientURLs,
    learner: member.isLearner,
  }));
};
