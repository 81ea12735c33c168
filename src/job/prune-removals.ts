/** Carries out a plan of prune. */
import type { Entry } from '../catalog/listing.ts';
import { removeSnapshot } from '../catalog/remove.ts';
import { from, type SnapbackError } from '../errors.ts';
import type { Held } from '../store/store.ts';
import type { Context } from './context.ts';
import type { OpenCatalog } from './open-catalog.ts';

export type PlannedSnapshot = {
  id: string;
  /** The time of the id, RFC 3339. */
  started: string;
  /** Bytes of the object; null when it is missing. */
  size: number | null;
  /** `locked`: the policy would remove it, and the store holds it, or does not say whether it does. */
  plan: 'keep' | 'remove' | 'locked';
  /** Why, all of it. */
  reasons: string[];
  bad: boolean;
  pinned: boolean;
  /**
   * What the store holds it by and until when (RFC 3339; null: without an end): of a `locked` one, and where locks are
   * extended of a kept one, of which all is held as long. Null where nothing does, or nobody asked.
   */
  held: { until: string | null; by: string } | null;
  /** Its lock is longer now, or would be in a dry run: until when it was held (null: not at all), and will be. */
  extend: { from: string | null; until: string } | null;
  removed: boolean;
  /** Why it is still there although the plan says `remove`, or why the lock of a kept one is not extended. */
  problem: string | null;
};

/** As results tell of it. */
export const heldOf = ({ until, by }: Held): PlannedSnapshot['held'] => ({
  until: until?.toISOString() ?? null,
  by,
});

/**
 * Removes what the plan says of `ours`, the oldest first, and gives the plan back with what became of each. Pins and verdicts
 * are read again right before each removal: one that has become pinned or the newest good one meanwhile stays, which
 * is no error. Others are added to `errors` and do not stop the rest; an abort does.
 */
export const removePlanned = async (
  { store, cluster, trust }: OpenCatalog,
  snapshots: PlannedSnapshot[],
  { ours, now, errors, context }: { ours: Entry[]; now: Date; errors: SnapbackError[]; context: Context },
): Promise<PlannedSnapshot[]> => {
  const { signal, notify } = context;
  const done: PlannedSnapshot[] = [];
  for (const one of snapshots.toReversed()) {
    if (one.plan !== 'remove' || signal.aborted) {
      done.push(one);
      continue;
    }
    const reason = `prune: ${one.reasons.join('; ')}`;
    try {
      await removeSnapshot(store, { cluster, id: one.id }, { reason, ours, now, trust, signal });
      notify({ kind: 'step', label: 'removed', text: `${one.id}: ${one.reasons.join('; ')}` });
      done.push({ ...one, removed: true });
    } catch (thrown) {
      const error = from(thrown, 'store', {
        operation: 'remove',
        object: `snapshot ${one.id} of ${cluster}`,
      });
      if (error.code === 'refused')
        notify({ kind: 'step', label: 'stays', text: `${one.id} ${error.reason}` });
      else errors.push(error);
      done.push({ ...one, problem: error.reason });
    }
  }
  return done.reverse();
};
