/** What prune tidies up beside the plan: removals and uploads that never ended, and orphans where that is asked for. */
import type { Leftover, Listing } from '../catalog/listing.ts';
import { parseName } from '../catalog/names.ts';
import { orphanAge, removeOrphans, sortOrphans } from '../catalog/orphans.ts';
import { finishRemovals } from '../catalog/remove.ts';
import { from, type SnapbackError } from '../errors.ts';
import type { Context } from './context.ts';
import type { OpenCatalog } from './open-catalog.ts';

/** A stored object without a manifest: of a save that is under way or did not end, or whose manifest is lost. */
export type Orphan = {
  id: string;
  /** Bytes of all its files. */
  size: number;
  /** 24 hours have passed since its last byte, so that --remove-orphans takes it. */
  old: boolean;
  removed: boolean;
};

export type Leftovers = {
  /** Removals that had begun before. */
  unfinishedRemovals: { id: string; finished: boolean }[];
  /** Uploads that were begun more than 24 hours ago and never ended, and are gone now. */
  unfinishedUploads: string[];
  orphans: Orphan[];
};

/** What there is, without touching anything: the store's own clock could only be asked by writing. Pure. */
export const lookAtLeftovers = (listing: Listing, now: Date): Leftovers => ({
  unfinishedRemovals: listing.removing.map(({ id }) => ({ id, finished: false })),
  unfinishedUploads: [],
  orphans: orphansOf(listing, now, []),
});

/**
 * Finishes removals, removes unfinished uploads after 24 hours by the store's clock, and with `orphans` those objects
 * too. What fails is added to `errors` and does not stop the rest; an abort does.
 */
export const removeLeftovers = async (
  catalog: OpenCatalog,
  { orphans, errors, context }: { orphans: boolean; errors: SnapbackError[]; context: Context },
): Promise<Leftovers> => {
  const { store, cluster, listing, lineage } = catalog;
  const { signal, notify, log } = context;
  const attempt = async <T>(act: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      signal.throwIfAborted();
      return await act();
    } catch (error) {
      errors.push(from(error, 'store', { operation: 'tidy up', object: `${cluster}/ in ${store.location}` }));
      return otherwise;
    }
  };
  const unfinishedRemovals: Leftovers['unfinishedRemovals'] = [];
  for (const leftover of listing.removing) {
    const only = { ...listing, removing: [leftover] };
    // Without cluster.json nobody knows whose removal that was.
    const act = async () => (lineage === null ? [] : await finishRemovals(store, only, { lineage, signal }));
    const finished = (await attempt(act, [])).length > 0;
    unfinishedRemovals.push({ id: leftover.id, finished });
    if (finished) notify({ kind: 'step', label: 'finished', text: `the removal of ${leftover.id}` });
  }
  const clock = await attempt(() => store.now({ signal }), null);
  const before = clock && new Date(clock.getTime() - orphanAge);
  const unfinishedUploads = before
    ? await attempt(() => store.removeUnfinished(cluster, { before, isOurs, signal }), [])
    : [];
  const wanted = orphans && listing.orphans.length > 0;
  if (wanted && lineage === null)
    log.warn(`${cluster}/ has no cluster.json, so whose orphans these are cannot be checked: they stay`);
  const removed =
    wanted && lineage !== null
      ? await attempt(async () => (await removeOrphans(store, cluster, { signal })).removed, [])
      : [];
  for (const { id } of removed) notify({ kind: 'step', label: 'removed', text: `${id}: an orphan` });
  return {
    unfinishedRemovals,
    unfinishedUploads,
    orphans: orphansOf(listing, clock ?? new Date(), removed),
  };
};

/** An upload in parts tells nothing of its writer but the name: what is no snapshot's may be anybody's. */
const isOurs = (file: string): boolean => ['object', 'attachments'].includes(parseName(file).kind);

const orphansOf = (listing: Listing, now: Date, removed: Leftover[]): Orphan[] => {
  const { old } = sortOrphans(listing, now);
  return listing.orphans.map(orphan => ({
    id: orphan.id,
    size: orphan.files.reduce((sum, file) => sum + file.size, 0),
    old: old.includes(orphan),
    removed: removed.some(one => one.id === orphan.id),
  }));
};
