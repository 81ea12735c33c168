/** The snapshots of a cluster, or of all clusters of a store: one listing each, and the manifests of the rows that are shown. */
import { hasOurs, type Listing, listSnapshots } from '../catalog/listing.ts';
import { isClusterName } from '../catalog/names.ts';
import { readPin } from '../catalog/pin.ts';
import type { Policy } from '../catalog/policy.ts';
import type { Question } from '../catalog/question.ts';
import { type Row, readManifests } from '../catalog/read.ts';
import { plan } from '../catalog/retention.ts';
import { isUntrusted } from '../catalog/signature.ts';
import { type Amount, type OldVersions, sum } from '../catalog/versions.ts';
import { isSnapbackError, type SnapbackError } from '../errors.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Context, Outcome } from './context.ts';
import { lookAtVersions } from './old-versions.ts';
import { type OpenCatalog, openCatalog } from './open-catalog.ts';
import type { StoreSettings } from './settings.ts';
import { worst } from './worst.ts';

export type ListSettings = {
  store: StoreSettings;
  /** What prune would apply; null where there is none. */
  policy: Policy | null;
  allClusters: boolean;
  all: boolean;
};

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
  /** A signature lies beside it; whose it is, is told with trusted keys alone. */
  signed: boolean;
  /** The file of the trusted key that signed it; null where none did, and without trusted keys. */
  signedBy: string | null;
  /** With trusted keys: none of them signed it, so `broken` says that and nothing in it is believed. */
  untrusted: boolean;
  pinned: boolean;
  /** Null when it is not pinned, and when nobody said why. */
  pinReason: string | null;
  /**
   * Why prune would keep it, in a word or two each; empty when it would not. Null without a policy, and for one that
   * is none of the policy's business because its manifest cannot be believed.
   */
  keptBecause: string[] | null;
  bad: boolean;
  verified: { at: string } | null;
  failed: { at: string; level: string } | null;
  /** Why the manifest cannot be believed; null when it can. */
  broken: string | null;
  /** Why the store does not give it; null when it does. */
  unread: string | null;
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
  /**
   * Versions that are not seen any more: of removed snapshots, which `prune --all-versions` removes, and others, which
   * something else overwrote or hid. Null where the store keeps none, or may not be asked.
   */
  oldVersions: { removed: Amount; others: Amount } | null;
};

export type ListResult = { store: string; clusters: ClusterList[] };

const shown = 50;

/**
 * Nothing there is no error: the result says so. Of all clusters, folders without a file of ours are left out. Where the
 * store gives the names and not the manifests, the outcome has both what the names tell and the error. Throws `usage`
 * for an empty or wrong policy, `store`, `refused` or the signal's reason.
 */
export const list = async (settings: ListSettings, context: Context): Promise<Outcome<ListResult>> => {
  const now = new Date();
  if (settings.policy) plan([], settings.policy, now);
  await using store = await openStore(settings.store, context);
  if (settings.allClusters) return listAll(store, settings, now, context);
  await using catalog = await openCatalog(settings.store, 'read', context, questionOf(settings));
  const errors: SnapbackError[] = [];
  const only = await listCluster(catalog, settings, { now, errors, context });
  return { result: { store: store.location, clusters: [only] }, error: worst(errors) };
};

/** A policy looks at all of them. */
const questionOf = ({ policy, all }: ListSettings): Question | null =>
  policy || all ? null : { snapshots: [], before: null, newestVerified: 'any', rows: shown };

/** One that cannot be read does not hide the others: its error is told, and the worst of them is the outcome's. */
const listAll = async (
  store: Store,
  settings: ListSettings,
  now: Date,
  context: Context,
): Promise<Outcome<ListResult>> => {
  const { signal, log } = context;
  const clusters: ClusterList[] = [];
  const errors: SnapbackError[] = [];
  const names = await store.clusters({ signal });
  for (const cluster of names.filter(isClusterName)) {
    try {
      await using catalog = await openCatalog(
        { ...settings.store, cluster },
        'read',
        context,
        questionOf(settings),
      );
      if (catalog.lineage === null && !hasOurs(catalog.listing)) continue;
      clusters.push(await listCluster(catalog, settings, { now, errors, context }));
    } catch (error) {
      signal.throwIfAborted();
      if (!isSnapbackError(error) || error.code === 'usage') throw error;
      if (error.code !== 'store' && (await isStrangers(store, cluster, signal))) continue;
      log.error(`${error.object} ${error.reason}`);
      errors.push(error);
    }
  }
  return { result: { store: store.location, clusters }, error: worst(errors) };
};

/** Other tools have folders beside ours, and some call a file of theirs cluster.json. */
const isStrangers = async (store: Store, cluster: string, signal: AbortSignal): Promise<boolean> =>
  !hasOurs(await listSnapshots(store, cluster, { signal }));

const listCluster = async (
  catalog: OpenCatalog,
  { all, policy }: ListSettings,
  { now, errors, context }: { now: Date; errors: SnapbackError[]; context: Context },
): Promise<ClusterList> => {
  const { signal, log } = context;
  const { listing, lineage, trust, store, cluster } = catalog;
  const entries = all ? listing.entries : listing.entries.slice(0, shown);
  const rows = await readManifests(store, entries, { lineage, trust, signal });
  for (const { error } of rows) if (error && isAway(error)) errors.push(error);
  const kept = policy && keptBecause(listing, rows, policy, now);
  const snapshots: ListRow[] = [];
  for (const row of rows) {
    const pinReason = row.entry.pinned ? await readPin(store, row.entry, { signal }) : null;
    snapshots.push({
      ...rowOf(row),
      pinReason: pinReason || null,
      keptBecause: kept?.get(row.entry.id) ?? null,
    });
  }
  const oldVersions = oldVersionsOf(await lookAtVersions(catalog, { signal, log }));
  signal.throwIfAborted();
  return {
    cluster,
    lineage,
    snapshots,
    total: listing.entries.length,
    totalSize: listing.entries.reduce((sum, entry) => sum + (entry.objectSize ?? 0), 0),
    newestVerified: newestVerifiedOf(listing),
    orphans: listing.orphans.map(({ id }) => id),
    removing: listing.removing.map(({ id }) => id),
    unknown: listing.unknown,
    oldVersions,
  };
};

const oldVersionsOf = (old: OldVersions | null): ClusterList['oldVersions'] =>
  old && { removed: sum(old.snapshots), others: old.others };

/**
 * By prune's own function. Prune leaves out whatever has a manifest that cannot be believed; of those that are older
 * than the rows nobody has read it, and they can hardly change what is said of a newer one.
 */
const keptBecause = ({ entries }: Listing, rows: Row[], policy: Policy, now: Date): Map<string, string[]> => {
  const broken = new Set(rows.filter(row => row.read === null).map(row => row.entry.id));
  const candidates = entries.filter(({ id }) => !broken.has(id));
  return new Map(plan(candidates, policy, now).map(one => [one.id, one.keptBecause]));
};

const newestVerifiedOf = (listing: Listing): string | null =>
  listing.entries.find(entry => entry.verified && !entry.bad)?.started.toISOString() ?? null;

/** That the store does not give a manifest, or not to these credentials, says nothing of the snapshot. */
const isAway = ({ code }: SnapbackError): boolean => code === 'store';

const rowOf = ({ entry, read, error }: Row): Omit<ListRow, 'pinReason' | 'keptBecause'> => {
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
    signed: entry.signed,
    signedBy: read?.signedBy ?? null,
    untrusted: error !== null && isUntrusted(error),
    pinned: entry.pinned,
    bad: entry.bad,
    verified: entry.verified && { at: entry.verified.time.toISOString() },
    failed: entry.failed && { at: entry.failed.time.toISOString(), level: entry.failed.level },
    broken: error === null || isAway(error) ? null : error.reason,
    unread: error !== null && isAway(error) ? error.reason : null,
  };
};
