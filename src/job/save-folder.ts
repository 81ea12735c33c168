/** The cluster's folder in each store, claimed for a save: whose it is, and whether this etcd may write into it. */
import {
  type EtcdCluster,
  giveEtcdClusters,
  mergeEtcdClusters,
  readEtcdClusters,
  recordEtcdCluster,
} from '../catalog/etcd-cluster.ts';
import { acceptEtcdCluster } from '../catalog/etcd-cluster-rule.ts';
import { giveLineage, type Lineage, readLineage, startLineage } from '../catalog/lineage.ts';
import { useLineage } from '../catalog/lineage-use.ts';
import type { Listing } from '../catalog/listing.ts';
import { checkClusterName } from '../catalog/names.ts';
import { listFor } from '../catalog/newest.ts';
import { anyone } from '../catalog/trust-key.ts';
import { SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { eachStore, type LostStore } from './each-store.ts';
import type { ServingMember } from './serving-member.ts';
import type { StoreSettings } from './settings.ts';
import { tool } from './tool.ts';

export type Folder = {
  store: Store;
  /** Writes down that this etcd cluster belongs here, where that is new; right before the manifest. */
  recordCluster(): Promise<void>;
};

export type Claim = {
  lineage: string;
  /** The newest id that is in any of them, whole or not; null where all are empty. */
  newest: string | null;
  /** In the order of the stores. */
  folders: Folder[];
  /** Stores that are away, refuse or are full. */
  lost: LostStore[];
};

/**
 * Begins the lineage of a new folder; one in a second store gets that of the first that has one. Throws `refused` for a
 * folder of another lineage than asked for or than another store has, and for an etcd that does not belong into it; in
 * which stores it was seen does not matter. Throws `store` when all stores are lost, or one that alone may know the lineage.
 */
export const claimFolders = async (
  stores: Store[],
  settings: { store: StoreSettings; acceptClusterId: string | null },
  member: ServingMember,
  { signal, log }: Context,
): Promise<Claim> => {
  const { cluster, clusterNamed, lineage: named } = settings.store;
  checkClusterName(cluster);
  const lost: LostStore[] = [];
  const seen = await eachStore(
    stores.map(store => ({ store })),
    lost,
    ({ store }) => look(store, settings.store, signal),
  );
  const { lineage, members: ours } = await agree(seen, lost, named, signal);
  const there = await eachStore(ours, lost, async ({ store, listing }) => ({
    store,
    records: await readEtcdClusters(store, listing.etcdClusters, lineage, { signal }),
  }));
  if (there.length === 0) throw lost[0]?.error;
  const all = mergeEtcdClusters(there.map(({ records }) => records));
  const { clusterId } = member.status;
  const asked = { cluster, named: clusterNamed, acceptId: settings.acceptClusterId };
  const accepted = acceptEtcdCluster(all, clusterId, asked);
  if (accepted.warning) log.warn(accepted.warning);
  // One time for all stores: their records are the same.
  let now: Date | null = null;
  const recordCluster = async (store: Store, records: EtcdCluster[]): Promise<void> => {
    await giveEtcdClusters(store, cluster, { all, there: records }, { signal });
    if (accepted.record === null) return;
    now ??= new Date();
    const record = { lineage, clusterId, accepted: accepted.record, members: member.members };
    await recordEtcdCluster(store, cluster, record, { before: all, now, signal });
  };
  return {
    lineage,
    newest: newestOf(seen.map(({ listing }) => listing)),
    folders: there.map(({ store, records }) => ({
      store,
      recordCluster: () => recordCluster(store, records),
    })),
    lost,
  };
};

type Seen = { store: Store; cluster: string; recorded: Lineage | null; listing: Listing };

const look = async (
  store: Store,
  { cluster, lineage }: StoreSettings,
  signal: AbortSignal,
): Promise<Seen> => {
  const [recorded, listing] = await Promise.all([
    readLineage(store, cluster, { signal }),
    // The newest ids, that there are manifests, and the records of etcd clusters are all that is asked of it.
    listFor(
      store,
      cluster,
      { snapshots: ['latest'], before: null },
      { now: new Date(), trust: anyone, signal },
    ),
  ]);
  const hasManifests = listing.entries.length > 0;
  // For its refusals: the lineage itself is agreed on by all stores.
  useLineage('save', { cluster, recorded, hasManifests }, lineage);
  return { store, cluster, recorded, listing };
};

/**
 * The one lineage of all of them, written where it is not there yet, and those that have it now. A new one is not begun
 * while a store is lost, which may have it: then that one's error is thrown.
 */
const agree = async (
  seen: Seen[],
  lost: LostStore[],
  named: string | null,
  signal: AbortSignal,
): Promise<{ lineage: string; members: Seen[] }> => {
  const [first, ...others] = seen.filter(isKnown);
  const other = others.find(({ recorded }) => recorded.lineage !== first?.recorded.lineage);
  if (first && other) throw twoLineages(first, other);
  let lineage: Lineage | null = first?.recorded ?? null;
  if (!lineage && named === null && lost[0]) throw lost[0].error;
  const members: Seen[] = [];
  for (const one of seen) {
    // One after the other: the first that can be written begins it.
    const [given] = await eachStore([one], lost, async ({ store, cluster, recorded }) => {
      if (recorded) return recorded;
      if (lineage) return giveLineage(store, lineage, { signal });
      return startLineage(store, cluster, { tool, now: new Date(), named, signal });
    });
    if (!given) continue;
    lineage ??= given;
    members.push(one);
  }
  if (!lineage) throw lost[0]?.error;
  return { lineage: lineage.lineage, members };
};

type Known = Seen & { recorded: Lineage };
const isKnown = (seen: Seen): seen is Known => seen.recorded !== null;

const newestOf = (listings: Listing[]): string | null => {
  const ids = listings.flatMap(({ entries, orphans, removing }) =>
    [entries, orphans, removing].flatMap(([newest]) => newest?.id ?? []),
  );
  return ids.sort().at(-1) ?? null;
};

const twoLineages = (first: Known, other: Known): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'save into every store',
    object: `${other.cluster}/ in ${other.store.location}`,
    reason: `belongs to the lineage ${other.recorded.lineage}, and the one in ${first.store.location} to ${first.recorded.lineage}: they are backups of different clusters`,
    hint: 'Give the cluster a folder of its own there with another --cluster, or name another store.',
  });
