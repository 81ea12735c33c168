/** The cluster's folder, claimed for a save: whose it is, and whether this etcd may write into it. */
import { readEtcdClusters, recordEtcdCluster } from '../catalog/etcd-cluster.ts';
import { acceptEtcdCluster } from '../catalog/etcd-cluster-rule.ts';
import { readLineage, startLineage } from '../catalog/lineage.ts';
import { useLineage } from '../catalog/lineage-use.ts';
import { listSnapshots } from '../catalog/listing.ts';
import { checkClusterName } from '../catalog/names.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import type { ServingMember } from './serving-member.ts';
import type { StoreSettings } from './settings.ts';
import { tool } from './tool.ts';

export type Folder = {
  lineage: string;
  /** The newest id that is there, whole or not; null in an empty folder. */
  newest: string | null;
  /** Writes down that this etcd cluster belongs here, where that is new; right before the manifest. */
  recordCluster(): Promise<void>;
};

/** Begins the lineage of a new folder. Throws `refused` for a folder of another lineage and for an etcd that does not belong into it. */
export const claimFolder = async (
  store: Store,
  settings: { store: StoreSettings; acceptClusterId: string | null },
  member: ServingMember,
  { signal, log }: Context,
): Promise<Folder> => {
  const { cluster, clusterNamed, lineage: named } = settings.store;
  checkClusterName(cluster);
  const [recorded, listing] = await Promise.all([
    readLineage(store, cluster, { signal }),
    listSnapshots(store, cluster, { signal }),
  ]);
  const hasManifests = listing.entries.length > 0;
  const used = useLineage('save', { cluster, recorded, hasManifests }, named);
  const lineage =
    used.state === 'known'
      ? used.lineage
      : (await startLineage(store, cluster, { tool, now: new Date(), named, signal })).lineage;
  const before = await readEtcdClusters(store, listing.etcdClusters, lineage, { signal });
  const { clusterId } = member.status;
  const accepted = acceptEtcdCluster(before, clusterId, {
    cluster,
    named: clusterNamed,
    acceptId: settings.acceptClusterId,
  });
  if (accepted.warning) log.warn(accepted.warning);
  const ids = [listing.entries, listing.orphans, listing.removing].flatMap(([newest]) => newest?.id ?? []);
  return {
    lineage,
    newest: ids.sort().at(-1) ?? null,
    recordCluster: async () => {
      if (accepted.record === null) return;
      const record = { lineage, clusterId, accepted: accepted.record, members: member.members };
      await recordEtcdCluster(store, cluster, record, { before, now: new Date(), signal });
    },
  };
};
