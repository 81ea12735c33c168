/** The snapshots of a cluster, or of all clusters of a store: one listing each, and the manifests of the rows that are shown. */
import type { Listing } from '../catalog/listing.ts';
import { type Row, readManifests } from '../catalog/read.ts';
import { openStore } from '../store/open.ts';
import type { Context, Outcome } from './context.ts';
import { type OpenCatalog, openCatalog } from './open-catalog.ts';
import type { StoreSettings } from './settings.ts';

export type ListSettings = { store: StoreSettings; allClusters: boolean; all: boolean };

export type ListRow = {
  id: string;
  started: string;
  /** Of the fingerprint; else null, and `revisionAtLeast` says what is known. */
  revision: number | null;
  revisionAtLeast: number | null;
  /** Bytes of the stored object, and of etcd's own file. */
  size: number | null;
  plainSize: number | null;
  etcdVersion: string | null;
  encrypted: boolean | null;
  pinned: boolean;
  bad: boolean;
  verified: { at: string } | null;
  failed: { at: string; level: string } | null;
  /** Why the manifest cannot be believed; null when it can. */
  broken: string | null;
};

export type ClusterList = {
  cluster: string;
  lineage: string | null;
  snapshots: ListRow[];
  /** How many there are, shown or not, and the bytes of all their objects. */
  total: number;
  totalSize: number;
  newestVerified: string | null;
  orphans: string[];
  removing: string[];
  unknown: string[];
};

export type ListResult = { store: string; clusters: ClusterList[] };

const shown = 50;

/** Nothing there is no error: the result says so. Throws `store`, `usage`, `refused` or the signal's reason. */
export const list = async (settings: ListSettings, context: Context): Promise<Outcome<ListResult>> => {
  const { signal } = context;
  await using store = await openStore(settings.store.store, { signal });
  const names = settings.allClusters ? await store.clusters({ signal }) : [settings.store.cluster];
  const clusters: ClusterList[] = [];
  for (const cluster of names) {
    await using catalog = await openCatalog({ ...settings.store, cluster }, 'read', context);
    clusters.push(await listCluster(catalog, settings.all, signal));
  }
  return { result: { store: store.location, clusters }, error: null };
};

const listCluster = async (catalog: OpenCatalog, all: boolean, signal: AbortSignal): Promise<ClusterList> => {
  const { listing, lineage, store, cluster } = catalog;
  const entries = all ? listing.entries : listing.entries.slice(0, shown);
  const rows = await readManifests(store, entries, { lineage, signal });
  return {
    cluster,
    lineage,
    snapshots: rows.map(rowOf),
    total: listing.entries.length,
    totalSize: listing.entries.reduce((sum, entry) => sum + (entry.objectSize ?? 0), 0),
    newestVerified: newestVerifiedOf(listing),
    orphans: listing.orphans.map(({ id }) => id),
    removing: listing.removing.map(({ id }) => id),
    unknown: listing.unknown,
  };
};

const newestVerifiedOf = (listing: Listing): string | null =>
  listing.entries.find(entry => entry.verified && !entry.bad)?.started.toISOString() ?? null;

const rowOf = ({ entry, read, error }: Row): ListRow => {
  const manifest = read?.manifest ?? null;
  const revision = manifest?.fingerprint?.revision ?? null;
  return {
    id: entry.id,
    started: entry.started.toISOString(),
    revision,
    revisionAtLeast: revision ?? manifest?.etcd.revisionBefore ?? null,
    size: entry.objectSize,
    plainSize: manifest?.plain.size ?? null,
    etcdVersion: manifest?.etcd.version ?? null,
    encrypted: manifest ? manifest.object.encryption !== null : null,
    pinned: entry.pinned,
    bad: entry.bad,
    verified: entry.verified && { at: entry.verified.time.toISOString() },
    failed: entry.failed && { at: entry.failed.time.toISOString(), level: entry.failed.level },
    broken: error === null ? null : error.reason,
  };
};
