/** Applies the retention policy: the plan first, and then, unless it is a dry run, that very plan. */
import { heldAmong, heldWords } from '../catalog/held.ts';
import type { Entry } from '../catalog/listing.ts';
import { limitText, parseMaxDelete, tooMany } from '../catalog/max-delete.ts';
import type { Policy } from '../catalog/policy.ts';
import { type Checked, checkManifests } from '../catalog/read.ts';
import { type Decision, plan } from '../catalog/retention.ts';
import { type Code, isSnapbackError, type SnapbackError } from '../errors.ts';
import type { Held } from '../store/store.ts';
import type { Context, Outcome } from './context.ts';
import { checkLocks, extendedUntil, extendLocks } from './extend-locks.ts';
import { lookAtVersions, type OldVersionsResult, removeVersions, untouched } from './old-versions.ts';
import { openCatalog } from './open-catalog.ts';
import { type Leftovers, lookAtLeftovers, removeLeftovers } from './prune-leftovers.ts';
import { heldOf, type PlannedSnapshot, removePlanned } from './prune-removals.ts';
import type { StoreSettings } from './settings.ts';
import { worst } from './worst.ts';

export type PruneSettings = StoreSettings & {
  policy: Policy;
  /** `20` or `30%`; null for half, once there are ten. */
  maxDelete: string | null;
  /** Remove more than that. */
  yes: boolean;
  dryRun: boolean;
  removeOrphans: boolean;
  /** Lengthen the locks of what is kept to the period of the store's settings. */
  extendLocks: boolean;
  /** Also remove the old versions of what was removed, now or before. */
  allVersions: boolean;
};

export type PruneResult = Leftovers & {
  location: string;
  cluster: string;
  dryRun: boolean;
  /** More is to go than --max-delete allows; without --yes the whole run is refused. */
  overLimit: boolean;
  /** What --max-delete or its default allows, as text: `20` or `50 %`. */
  limit: string;
  refused: boolean;
  /** Until when at least all that is kept is held, RFC 3339; null without `extendLocks`. */
  extendedUntil: string | null;
  /** Newest first. */
  snapshots: PlannedSnapshot[];
  /** Snapshots that are none of this policy's business, and why: left as they are. */
  passedOver: { id: string; code: Code; reason: string }[];
  /** Names that this version does not know, left as they are. */
  unknown: string[];
  /** Old versions after the run; null where the store keeps none, or may not be asked. */
  oldVersions: OldVersionsResult | null;
};

/**
 * Throws `usage` for an empty or wrong policy before the store is touched, and what `openCatalog` throws. A plan over
 * the limit is an outcome with `refused`, and then nothing at all was changed. What fails with one snapshot does not
 * stop the others: the worst of all errors is the outcome's. On abort the result says what was done until then.
 */
export const prune = async (settings: PruneSettings, context: Context): Promise<Outcome<PruneResult>> => {
  const { signal, log } = context;
  const now = new Date();
  plan([], settings.policy, now);
  const until = settings.extendLocks ? extendedUntil(settings, now) : null;
  const limit = settings.maxDelete === null ? null : parseMaxDelete(settings.maxDelete);
  await using catalog = await openCatalog(settings, 'remove', { signal, log });
  const { store, cluster, listing, lineage, trust } = catalog;
  if (until) await checkLocks(catalog, context);

  // Every one: a name does not tell whose a snapshot is, and a stranger's would fill the slot of one of ours.
  const rows = await checkManifests(store, listing.entries, { lineage, trust, signal });
  const candidates = rows.filter(row => row.error === null).map(row => row.entry);
  const decisions = plan(candidates, settings.policy, now);
  const entries = new Map(candidates.map(entry => [entry.id, entry]));
  const going = decisions.flatMap(({ id, keep }) => (keep ? [] : (entries.get(id) ?? [])));
  const locks = await heldAmong(store, going, { signal });
  const limitError = tooMany(
    decisions.map(({ id, keep }) => ({ keep: keep || locks.has(id) })),
    limit,
  );
  const refused = limitError !== null && !settings.yes && !settings.dryRun;
  const unasked = [...locks.values()].filter(isSnapbackError);
  const errors: SnapbackError[] = [...unreadable(rows), ...unasked, ...(refused ? [limitError] : [])];

  const decided = decisions.map(decision => planOf(decision, entries.get(decision.id), locks));
  const planned = {
    location: store.location,
    cluster,
    dryRun: settings.dryRun,
    overLimit: limitError !== null,
    limit: limitText(decisions.length, limit),
    refused,
    extendedUntil: until?.toISOString() ?? null,
    passedOver: passedOver(rows),
    unknown: listing.unknown,
  };
  const onlyLook = settings.dryRun || refused;
  const snapshots = until
    ? await extendLocks(catalog, decided, entries, { until, dryRun: onlyLook, errors, context })
    : decided;
  if (onlyLook) {
    const oldVersions = untouched(await lookAtVersions(catalog, context));
    const result = { ...planned, snapshots, ...lookAtLeftovers(listing, now), oldVersions };
    return { result, error: worst(errors) };
  }
  const removed = await removePlanned(catalog, snapshots, { ours: candidates, now, errors, context });
  const leftovers = await removeLeftovers(catalog, { orphans: settings.removeOrphans, errors, context });
  const oldVersions = settings.allVersions
    ? await removeVersions(catalog, { errors }, context)
    : untouched(signal.aborted ? null : await lookAtVersions(catalog, context));
  const result = { ...planned, snapshots: removed, ...leftovers, oldVersions };
  return { result, error: worst(errors) };
};

const planOf = (
  { id, keep, reasons, bad }: Decision,
  entry: Entry | undefined,
  locks: Map<string, Held | SnapbackError>,
): PlannedSnapshot => {
  const lock = locks.get(id);
  const words = isSnapbackError(lock) ? 'may be locked: that could not be asked' : lock && heldWords(lock);
  return {
    id,
    started: entry?.started.toISOString() ?? '',
    size: entry?.objectSize ?? null,
    plan: keep ? 'keep' : lock ? 'locked' : 'remove',
    reasons: words ? [...reasons, words] : reasons,
    held: lock && !isSnapbackError(lock) ? heldOf(lock) : null,
    extend: null,
    bad,
    pinned: entry?.pinned ?? false,
    removed: false,
    problem: null,
  };
};

/** A manifest that is damaged or a stranger's is told of; a store that does not answer makes the run fail as well. */
const unreadable = (rows: Checked[]): SnapbackError[] =>
  rows.flatMap(({ error }) =>
    error && !['integrity', 'refused', 'not-found'].includes(error.code) ? [error] : [],
  );

// One that is gone since the listing was removed by another run.
const passedOver = (rows: Checked[]): PruneResult['passedOver'] =>
  rows.flatMap(({ entry, error }) =>
    error && error.code !== 'not-found' ? [{ id: entry.id, code: error.code, reason: error.reason }] : [],
  );
