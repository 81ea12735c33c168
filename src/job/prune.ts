/** Applies the retention policy: the plan first, and then, unless it is a dry run, that very plan. */
import { heldAmong, heldWords } from '../catalog/held.ts';
import { limitText, parseMaxDelete, tooMany } from '../catalog/max-delete.ts';
import type { Policy } from '../catalog/policy.ts';
import { type Row, readManifests } from '../catalog/read.ts';
import { plan } from '../catalog/retention.ts';
import type { Code, SnapbackError } from '../errors.ts';
import type { Context, Outcome } from './context.ts';
import { openCatalog } from './open-catalog.ts';
import { type Leftovers, lookAtLeftovers, removeLeftovers } from './prune-leftovers.ts';
import { type PlannedSnapshot, removePlanned } from './prune-removals.ts';
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
  /** Newest first. */
  snapshots: PlannedSnapshot[];
  /** Snapshots that are none of this policy's business, and why: left as they are. */
  passedOver: { id: string; code: Code; reason: string }[];
  /** Names that this version does not know, left as they are. */
  unknown: string[];
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
  const limit = settings.maxDelete === null ? null : parseMaxDelete(settings.maxDelete);
  await using catalog = await openCatalog(settings, 'remove', { signal, log });
  const { store, cluster, listing, lineage } = catalog;

  const rows = await readManifests(store, listing.entries, { lineage, signal });
  const candidates = rows.filter(row => row.read !== null).map(row => row.entry);
  const decisions = plan(candidates, settings.policy, now);
  const entries = new Map(candidates.map(entry => [entry.id, entry]));
  const going = decisions.flatMap(({ id, keep }) => (keep ? [] : (entries.get(id) ?? [])));
  const locks = await heldAmong(store, going, { signal });
  const limitError = tooMany(
    decisions.map(({ id, keep }) => ({ keep: keep || locks.has(id) })),
    limit,
  );
  const refused = limitError !== null && !settings.yes && !settings.dryRun;
  const errors: SnapbackError[] = [...unreadable(rows), ...(refused ? [limitError] : [])];

  const snapshots = decisions.map(({ id, keep, reasons, bad }): PlannedSnapshot => {
    const entry = entries.get(id);
    const held = locks.get(id);
    return {
      id,
      started: entry?.started.toISOString() ?? '',
      size: entry?.objectSize ?? null,
      plan: keep ? 'keep' : held ? 'locked' : 'remove',
      reasons: held ? [...reasons, heldWords(held)] : reasons,
      held: held ? { until: held.until?.toISOString() ?? null, by: held.by } : null,
      bad,
      pinned: entry?.pinned ?? false,
      removed: false,
      problem: null,
    };
  });
  const planned = {
    location: store.location,
    cluster,
    dryRun: settings.dryRun,
    overLimit: limitError !== null,
    limit: limitText(decisions.length, limit),
    refused,
    passedOver: passedOver(rows),
    unknown: listing.unknown,
  };
  if (settings.dryRun || refused) {
    const result = { ...planned, snapshots, ...lookAtLeftovers(listing, now) };
    return { result, error: worst(errors) };
  }
  const removed = await removePlanned(catalog, snapshots, { now, errors, context });
  const leftovers = await removeLeftovers(catalog, { orphans: settings.removeOrphans, errors, context });
  return { result: { ...planned, snapshots: removed, ...leftovers }, error: worst(errors) };
};

/** A manifest that is damaged or a stranger's is told of; a store that does not answer makes the run fail as well. */
const unreadable = (rows: Row[]): SnapbackError[] =>
  rows.flatMap(({ error }) =>
    error && !['integrity', 'refused', 'not-found'].includes(error.code) ? [error] : [],
  );

// One that is gone since the listing was removed by another run.
const passedOver = (rows: Row[]): PruneResult['passedOver'] =>
  rows.flatMap(({ entry, error }) =>
    error && error.code !== 'not-found' ? [{ id: entry.id, code: error.code, reason: error.reason }] : [],
  );
