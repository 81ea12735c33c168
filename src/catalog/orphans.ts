/** Objects whose save never reached its manifest. */
import type { Store } from '../store/store.ts';
import { heldBy } from './held.ts';
import { type Leftover, type Listing, listSnapshots } from './listing.ts';
import { parseName } from './names.ts';

/** An orphan younger than this can be a save that is still under way, or one that somebody will want to adopt. */
export const orphanAge = 24 * 60 * 60 * 1000;

/** The orphans of a listing that are old enough to go, and the others. `now` is the store's clock. Pure. */
export const sortOrphans = (listing: Listing, now: Date): { old: Leftover[]; young: Leftover[] } => {
  const isOld = ({ files }: Leftover) =>
    files.every(file => now.getTime() - file.modified.getTime() >= orphanAge);
  return { old: listing.orphans.filter(isOld), young: listing.orphans.filter(one => !isOld(one)) };
};

/**
 * Removes the orphans that are at least 24 hours old by the store's clock. The folder is listed anew, since an
 * `adopt` may have given one its manifest meanwhile. The object goes last: as long as it is there the rest is an
 * orphan that the next run finds. One that the store holds stays.
 */
export const removeOrphans = async (
  store: Store,
  cluster: string,
  options: { signal: AbortSignal },
): Promise<{ removed: Leftover[]; young: Leftover[] }> => {
  const now = await store.now(options);
  const { old, young } = sortOrphans(await listSnapshots(store, cluster, options), now);
  const removed: Leftover[] = [];
  for (const orphan of old) {
    const { files } = orphan;
    if (await heldBy(store, { cluster, files: files.map(file => file.name) }, options)) continue;
    const rank = (name: string) => (parseName(name).kind === 'object' ? 1 : 0);
    for (const { name } of [...files].sort((a, b) => rank(a.name) - rank(b.name)))
      await store.remove(`${cluster}/${name}`, options);
    removed.push(orphan);
  }
  return { removed, young };
};
