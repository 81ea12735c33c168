/** Lengthens the locks of what the policy keeps, so that nothing that is to stay can be taken away before its time. */
import { eightAtATime } from '../catalog/eight-at-a-time.ts';
import { endOf, heldWhole, holdWhole } from '../catalog/held.ts';
import type { Entry } from '../catalog/listing.ts';
import { from, SnapbackError } from '../errors.ts';
import type { Context } from './context.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { heldOf, type PlannedSnapshot } from './prune-removals.ts';
import type { StoreSettings } from './settings.ts';

/** Until when what is kept is to be held: as long as if it were written now. Throws `usage` without such a period. */
export const extendedUntil = ({ store, s3 }: StoreSettings, now: Date): Date => {
  const lock = s3?.objectLock ?? null;
  if (lock && lock.mode !== 'legal-hold')
    // Servers keep whole seconds.
    return new Date(Math.floor((now.getTime() + lock.milliseconds) / 1000) * 1000);
  const reason = lock
    ? 'has nothing to extend: a legal hold has no end'
    : s3
      ? 'needs the period of the lock'
      : `is for a bucket: ${store} is a folder, which knows no locks`;
  const hint =
    'Give the lock that snapshots are written with, such as --s3-object-lock governance:30d, or leave it out.';
  throw mistake(reason, hint);
};

/** Throws `usage` for a bucket that cannot lock, and what the store throws. */
export const checkLocks = async (
  { store }: OpenCatalog,
  { signal }: Pick<Context, 'signal'>,
): Promise<void> => {
  if (await store.canHold({ signal })) return;
  throw mistake(
    `is for a bucket with object lock, which that of ${store.location} does not have`,
    'Object lock is mostly switched on when a bucket is made; without it leave --extend-locks out.',
  );
};

const mistake = (reason: string, hint: string): SnapbackError =>
  new SnapbackError('usage', { operation: 'read the options', object: '--extend-locks', reason, hint });

/**
 * Gives what the plan keeps the lock of one that is written now, where its own ends sooner, and the plan back with
 * what holds each. A bad one too: a verdict alone must not let go of a snapshot. With `dryRun` it only looks. What fails
 * is added to `errors` and does not stop the rest; an abort does.
 */
export const extendLocks = async (
  { store }: OpenCatalog,
  snapshots: PlannedSnapshot[],
  entries: Map<string, Entry>,
  {
    until,
    dryRun,
    errors,
    context: { signal },
  }: { until: Date; dryRun: boolean; errors: SnapbackError[]; context: Context },
): Promise<PlannedSnapshot[]> => {
  const changed = new Map<string, PlannedSnapshot>();
  await eightAtATime(snapshots, async one => {
    const entry = entries.get(one.id);
    if (!entry || one.plan !== 'keep' || signal.aborted) return;
    try {
      const before = await heldWhole(store, entry, { signal });
      const longEnough = before !== null && endOf(before) >= until.getTime();
      const held = longEnough || dryRun ? before : await holdWhole(store, entry, until, { signal });
      const extend = longEnough
        ? null
        : { from: before?.until?.toISOString() ?? null, until: until.toISOString() };
      changed.set(one.id, { ...one, held: held && heldOf(held), extend });
    } catch (thrown) {
      const error = from(thrown, 'store', { operation: 'lengthen the lock', object: `snapshot ${one.id}` });
      // Removed by another run since it was listed.
      if (error.code === 'not-found') return;
      errors.push(error);
      changed.set(one.id, { ...one, problem: error.reason });
    }
  });
  return snapshots.map(one => changed.get(one.id) ?? one);
};
