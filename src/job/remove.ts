/** Removes one snapshot for a reason of its own: it is leaked, broken, or somebody asked for it. */
import { isId } from '../catalog/id.ts';
import type { Entry, Leftover } from '../catalog/listing.ts';
import { mustStay } from '../catalog/rails.ts';
import { checkManifests } from '../catalog/read.ts';
import { finishRemovals, removeSnapshot } from '../catalog/remove.ts';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Context, Outcome } from './context.ts';
import { lookAtVersions, type OldSnapshotResult, removeVersions, untouched } from './old-versions.ts';
import { type OpenCatalog, openCatalog } from './open-catalog.ts';
import { ownSnapshot, type SnapshotSettings } from './own-snapshot.ts';

export type RemoveSettings = SnapshotSettings & {
  /** Why; without one nothing is removed. */
  reason: string | null;
  /** Lifts the rails of the newest good and the newest verified one, never that of a pin. */
  evenNewest: boolean;
  /** Also remove its old versions, where the store keeps them; then an id that was removed before will do. */
  allVersions: boolean;
};

export type RemoveResult = {
  location: string;
  cluster: string;
  id: string;
  reason: string;
  /** Bytes of the stored object; null when it was not there. */
  size: number | null;
  /** False when another run removed it at the same moment. */
  removed: boolean;
  /** What the store has of it in old versions, after the run; null where there is nothing, or it may not be asked. */
  oldVersions: OldSnapshotResult | null;
};

/**
 * Throws `usage` without a reason, what `ownSnapshot` throws, `refused` for a pinned or locked one and, without `evenNewest`,
 * for the newest good and the newest verified one, `store` when the store fails. A removal that had begun before is
 * finished. On abort a marker stays, and the next prune finishes what it says.
 */
export const remove = async (
  settings: RemoveSettings,
  context: Pick<Context, 'signal' | 'log' | 'notify'>,
): Promise<Outcome<RemoveResult>> => {
  const { signal, log } = context;
  const reason = settings.reason?.trim();
  if (!reason) throw noReason(settings.snapshot);
  await using catalog = await openCatalog(settings, 'remove', { signal, log });
  const { store, cluster, listing, trust } = catalog;
  const about = { location: store.location, cluster, reason };
  const errors: SnapbackError[] = [];
  const outcome = async (removed: Pick<RemoveResult, 'id' | 'size' | 'removed'>) => {
    const only = removed.id;
    const old = settings.allVersions
      ? await removeVersions(catalog, { only, errors }, context)
      : untouched(await lookAtVersions(catalog, context), only);
    const oldVersions = old?.snapshots[0] ?? null;
    if (oldVersions?.held) errors.push(heldVersions(cluster, oldVersions));
    return { result: { ...about, ...removed, oldVersions }, error: errors[0] ?? null };
  };
  const begun = listing.removing.find(one => one.id === settings.snapshot);
  if (begun) return outcome(await finish(catalog, begun, signal));
  const isThere = listing.entries.some(({ id }) => id === settings.snapshot);
  if (settings.allVersions && isId(settings.snapshot) && !isThere) {
    const gone = await outcome({ id: settings.snapshot, size: null, removed: false });
    if (gone.result.oldVersions || gone.error) return gone;
  }

  const { entry, damaged } = await ownSnapshot(catalog, settings, { signal });
  const now = new Date();
  // One that cannot be read is no good snapshot: it may go, and it lets no other one go.
  const ours =
    damaged || settings.evenNewest ? [] : [entry, ...(await standIns(catalog, entry, now, signal))];
  const options = { reason, ours, now, evenNewest: settings.evenNewest, trust, signal };
  const removed = await removeSnapshot(store, entry, options).catch((error: unknown) => {
    throw withWayOut(error);
  });
  return outcome({ id: entry.id, size: entry.objectSize, removed });
};

/** Newer ones of the same lineage that let it go, a good one and, where it takes that, a verified one. */
const standIns = async (
  { store, listing, lineage, trust }: OpenCatalog,
  entry: Entry,
  now: Date,
  signal: AbortSignal,
): Promise<Entry[]> => {
  const found: Entry[] = [];
  for (const one of listing.entries) {
    if (one.id <= entry.id || mustStay([entry, ...found], entry.id, now) === null) break;
    // A second good one is of no use, where only a verified one is missing.
    if (one.bad || one.started > now || (found.length > 0 && !one.verified)) continue;
    const [row] = await checkManifests(store, [one], { lineage, trust, signal });
    if (row?.error === null) found.push(one);
  }
  return found;
};

const finish = async (
  { store, listing, lineage }: OpenCatalog,
  begun: Leftover,
  signal: AbortSignal,
): Promise<Pick<RemoveResult, 'id' | 'size' | 'removed'>> => {
  const one = { ...listing, removing: [begun] };
  const finished = lineage === null ? [] : await finishRemovals(store, one, { lineage, signal });
  if (finished.length > 0) return { id: begun.id, size: null, removed: true };
  throw new SnapbackError('refused', {
    operation: 'remove',
    object: `snapshot ${begun.id} of ${begun.cluster}`,
    reason: 'stays: its removal had begun, and it is pinned, locked, or of another cluster',
    hint: '`snapback list` shows what is there.',
  });
};

const noReason = (snapshot: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'remove',
    object: `snapshot ${JSON.stringify(snapshot)}`,
    reason: 'is removed only for a reason',
    hint: 'Say why with --reason TEXT, such as --reason "holds a leaked password".',
  });

const heldVersions = (cluster: string, { id, held }: OldSnapshotResult): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'remove old versions',
    object: `snapshot ${id} of ${cluster}`,
    reason: `stays in old versions: ${held?.by} keeps it ${held?.until ? `until ${held.until}` : 'without an end'}`,
    hint: 'Try again after that.',
  });

const withWayOut = (error: unknown): unknown => {
  if (!isSnapbackError(error) || error.code !== 'refused' || !error.reason.includes('the newest'))
    return error;
  const { operation, object, reason } = error;
  const hint = 'Take a new one first (and verify it), or insist with --even-newest.';
  return new SnapbackError('refused', { operation, object, reason, hint, cause: error });
};
