/** Whether snapshots of an etcd cluster may go into a lineage. Pure. */
import { SnapbackError } from '../errors.ts';

export type Accepted = 'first' | 'named' | 'by id';

/**
 * `record` says how it is to be recorded right before the manifest, null when it is the current one already.
 *
 * The first one begins. One that is new to the lineage is accepted with a warning when the person `named` the
 * cluster (by flag, environment or config file) and `refused` when not. One that was replaced and comes back
 * means that two clusters write to one folder: `refused`, unless --accept-cluster-id names its id, in decimal or
 * as the hex digits that etcdctl prints. An id that is named there and is not the one that etcd has is `refused`
 * too, wherever it would matter.
 */
export const acceptEtcdCluster = (
  /** Oldest first. */
  records: { clusterId: string; since: string }[],
  clusterId: string,
  asked: { cluster: string; named: boolean; acceptId: string | null },
): { record: Accepted | null; warning: string | null } => {
  const current = records.at(-1);
  if (!current) return { record: 'first', warning: null };
  if (current.clusterId === clusterId) return { record: null, warning: null };

  const before = records.findLast(record => record.clusterId === clusterId);
  if (asked.acceptId !== null) {
    if (!isSameId(asked.acceptId, clusterId)) throw wrongId(asked.cluster, clusterId, asked.acceptId);
    return { record: 'by id', warning: takesOver(asked.cluster, clusterId, current.clusterId) };
  }
  if (before) throw cameBack(asked.cluster, clusterId, before.since, current);
  if (!asked.named) throw isNew(asked.cluster, clusterId, current);
  return { record: 'named', warning: takesOver(asked.cluster, clusterId, current.clusterId) };
};

/** An etcd id as etcdctl prints it: hex digits. */
export const hexId = (decimal: string): string => BigInt(decimal).toString(16);

const isSameId = (asked: string, clusterId: string): boolean =>
  asked === clusterId || asked.toLowerCase().replace(/^0x/, '') === hexId(clusterId);

const both = (id: string): string => `${hexId(id)} (${id})`;

const takesOver = (cluster: string, clusterId: string, before: string): string =>
  `from now on ${cluster} is the etcd cluster ${both(clusterId)}; until now it was ${both(before)}, as after a restore. ` +
  'If this is another cluster, stop saving it under this name.';

const refused = (cluster: string, clusterId: string, reason: string, hint: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: `save into the folder of ${cluster}`,
    object: `etcd cluster ${both(clusterId)}`,
    reason,
    hint,
  });

const isNew = (cluster: string, clusterId: string, current: { clusterId: string; since: string }) =>
  refused(
    cluster,
    clusterId,
    `is not the one that is saved there: that is ${both(current.clusterId)} since ${current.since}`,
    `If it is the same cluster after a restore, say so with --cluster ${cluster}; if it is another one, give it a name of its own with --cluster NAME.`,
  );

const cameBack = (
  cluster: string,
  clusterId: string,
  since: string,
  current: { clusterId: string; since: string },
) =>
  refused(
    cluster,
    clusterId,
    `was saved there from ${since} and was replaced by ${both(current.clusterId)} at ${current.since}: two clusters seem to write to one folder`,
    `Find the other one and give each a --cluster name of its own. If this is the right one again, say so with --accept-cluster-id ${clusterId}`,
  );

const wrongId = (cluster: string, clusterId: string, asked: string) =>
  refused(
    cluster,
    clusterId,
    `is not the one that --accept-cluster-id names (${asked})`,
    'Check which etcd answers at these endpoints.',
  );
