/** Removes one snapshot for a reason of its own: it is leaked, broken, or somebody asked for it. */
import type { Leftover } from '../catalog/listing.ts';
import { readManifests } from '../catalog/read.ts';
import { finishRemovals, removeSnapshot } from '../catalog/remove.ts';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Context, Outcome } from './context.ts';
import { type OpenCatalog, openCatalog } from './open-catalog.ts';
import { ownSnapshot, type SnapshotSettings } from './own-snapshot.ts';

export type RemoveSettings = SnapshotSettings & {
  /** Why; without one nothing is removed. */
  reason: string | null;
  /** Lifts the rails of the newest good and the newest verified one, never that of a pin. */
  evenNewest: boolean;
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
};

/**
 * Throws `usage` without a reason, what `ownSnapshot` throws, `refused` for a pinned or locked one and, without `evenNewest`,
 * for the newest good and the newest verified one, `store` when the store fails. A removal that had begun before is
 * finished. On abort a marker stays, and the next prune finishes what it says.
 */
export const remove = async (
  settings: RemoveSettings,
  { signal, log }: Pick<Context, 'signal' | 'log'>,
): Promise<Outcome<RemoveResult>> => {
  const reason = settings.reason?.trim();
  if (!reason) throw noReason(settings.snapshot);
  await using catalog = await openCatalog(settings, 'remove', { signal, log });
  const { store, cluster, listing, lineage } = catalog;
  const about = { location: store.location, cluster, reason };
  const begun = listing.removing.find(one => one.id === settings.snapshot);
  if (begun) return { result: { ...about, ...(await finish(catalog, begun, signal)) }, error: null };

  const { entry } = await ownSnapshot(catalog, settings, { signal });
  const rows = await readManifests(store, listing.entries, { lineage, signal });
  // One that cannot be read is no good snapshot: it protects nothing, and the newest readable one stays.
  const ours = rows.filter(row => row.read !== null).map(row => row.entry.id);
  const options = { reason, ours, now: new Date(), evenNewest: settings.evenNewest, signal };
  const removed = await removeSnapshot(store, entry, options).catch((error: unknown) => {
    throw withWayOut(error);
  });
  return { result: { ...about, id: entry.id, size: entry.objectSize, removed }, error: null };
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

const withWayOut = (error: unknown): unknown => {
  if (!isSnapbackError(error) || error.code !== 'refused' || !error.reason.includes('the newest'))
    return error;
  const { operation, object, reason } = error;
  const hint = 'Take a new one first (and verify it), or insist with --even-newest.';
  return new SnapbackError('refused', { operation, object, reason, hint, cause: error });
};
