/** Old versions in a bucket that keeps them: told by list, prune and remove, and removed where that is asked for. */
import { eightAtATime } from '../catalog/eight-at-a-time.ts';
import { type Amount, listOldVersions, type OldVersions, removeOldSnapshot } from '../catalog/versions.ts';
import { from, type SnapbackError } from '../errors.ts';
import type { Context } from './context.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { heldOf, type PlannedSnapshot } from './prune-removals.ts';

/** What is left of a removed snapshot. */
export type OldSnapshotResult = Amount & {
  id: string;
  /** All of it is gone now. */
  removed: boolean;
  /** What the store holds it by, so that it stays; null where nothing does, or nobody tried. */
  held: PlannedSnapshot['held'];
  /** Why it is still there although it should go; null otherwise. */
  problem: string | null;
};

export type OldVersionsResult = {
  /** Newest first. */
  snapshots: OldSnapshotResult[];
  /** Overwritten, or hidden by something else than a removal: left as they are. */
  others: Amount;
};

type Place = Pick<OpenCatalog, 'store' | 'cluster' | 'lineage'>;

/**
 * What there is, for who did not ask for it: null where the store keeps no versions or cannot be asked, such as
 * without the right to, or after an abort. Never throws.
 */
export const lookAtVersions = async (
  { store, cluster }: Place,
  { signal, log }: Pick<Context, 'signal' | 'log'>,
): Promise<OldVersions | null> => {
  try {
    return await listOldVersions(store, cluster, { signal });
  } catch (error) {
    log.debug(`old versions are not told of: ${from(error, 'store', about(store.location)).message}`);
    return null;
  }
};

/** As results tell of it, of `only` one snapshot where that is given. */
export const untouched = (old: OldVersions | null, only?: string): OldVersionsResult | null =>
  old && {
    others: old.others,
    snapshots: old.snapshots
      .filter(({ id }) => only === undefined || id === only)
      .map(({ id, count, size }) => ({ id, count, size, removed: false, held: null, problem: null })),
  };

/**
 * Removes the old versions of removed snapshots, or of `only` one. What is held stays, which is no error; what fails is
 * added to `errors` and does not stop the rest; an abort does. Null where the store keeps no versions. Without
 * cluster.json nobody knows whose snapshots those were: they stay.
 */
export const removeVersions = async (
  { store, cluster, lineage }: Place,
  { only, errors }: { only?: string; errors: SnapbackError[] },
  { signal, notify }: Pick<Context, 'signal' | 'notify'>,
): Promise<OldVersionsResult | null> => {
  let old: OldVersions | null = null;
  try {
    old = await listOldVersions(store, cluster, { signal });
  } catch (error) {
    errors.push(from(error, 'store', about(store.location)));
  }
  const result = untouched(old, only);
  const versions = new Map(lineage === null ? [] : old?.snapshots.map(one => [one.id, one]));
  await eightAtATime(result?.snapshots ?? [], async one => {
    const found = versions.get(one.id);
    if (!found || signal.aborted) return;
    try {
      const held = await removeOldSnapshot(store, found, { signal });
      one.held = held && heldOf(held);
      one.removed = held === null;
      if (one.removed)
        notify({ kind: 'step', label: 'removed', text: `${one.id}: ${one.count} old versions, for good` });
    } catch (thrown) {
      const error = from(thrown, 'store', about(`snapshot ${one.id} of ${cluster}`));
      errors.push(error);
      one.problem = error.reason;
    }
  });
  return result;
};

const about = (object: string) => ({ operation: 'remove old versions', object });
