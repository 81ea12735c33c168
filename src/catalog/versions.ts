/**
 * What a store that keeps versions still has of snapshots that are not listed any more. A removal hides every file and
 * its marker last, and by that it is known again: what somebody else hid or overwrote may be the last copy of
 * something good, and is never removed here.
 */
import type { Held, Store, Version } from '../store/store.ts';
import { isLocked } from './held.ts';
import { type Named, parseName, removedFile } from './names.ts';

/** Old versions in number and bytes; those without content, which only hide others, are not counted. */
export type Amount = { count: number; size: number };

/** A snapshot that was removed, with all that is left of it, in the order in which it is to go. */
export type OldSnapshot = Amount & { id: string; versions: Version[] };

export type OldVersions = {
  /** Newest first. */
  snapshots: OldSnapshot[];
  /** Overwritten, or hidden by something else than a removal. */
  others: Amount;
};

/** Looks once; null where the store keeps no versions. Throws `store` also where these credentials may not look. */
export const listOldVersions = async (
  store: Store,
  cluster: string,
  options: { signal: AbortSignal },
): Promise<OldVersions | null> => {
  const versions = await store.versions(cluster, options);
  return versions && readVersions(cluster, versions);
};

/** The same from versions that were listed already. Pure. */
export const readVersions = (cluster: string, versions: Version[]): OldVersions => {
  const groups = new Map<string, File[]>();
  const others: File[] = [];
  for (const version of versions) {
    const file = version.name.slice(cluster.length + 1);
    const named = parseName(file);
    if (named.kind === 'other') continue;
    const one = { ...version, file, kind: named.kind };
    if ('id' in named) groups.set(named.id, [...(groups.get(named.id) ?? []), one]);
    else if (!one.newest) others.push(one);
  }
  const snapshots: OldSnapshot[] = [];
  for (const [id, files] of groups) {
    const there = files.filter(one => one.newest && !one.hides);
    if (there.length === 0 && wasRemoved(id, files))
      snapshots.push({ id, ...amount(files), versions: files.sort(inOrder) });
    else if (there.length === 0) others.push(...files);
    // What is being removed is the next prune's. Of a snapshot an old pin is the usual course of things, and what was
    // removed before it was copied here once more.
    else if (!there.some(one => one.kind === 'removed'))
      others.push(
        ...files.filter(
          one => !one.newest && isLocked(one.file) && one.modified.getTime() > markerGone(id, files),
        ),
      );
  }
  return { snapshots: snapshots.sort((a, b) => (a.id < b.id ? 1 : -1)), others: amount(others) };
};

/**
 * Removes what is left of a removed snapshot, for good. Stops at the first version that is held, and gives what holds
 * it: that one and all after it stay, hidden as they were. On abort and on errors the same is true, and the next run
 * goes on.
 */
export const removeOldSnapshot = async (
  store: Store,
  { versions }: Pick<OldSnapshot, 'versions'>,
  options: { signal: AbortSignal },
): Promise<Held | null> => {
  for (const version of versions) {
    const held = await store.removeVersion(version, options);
    if (held) return held;
  }
  return null;
};

/** All together. */
export const sum = (amounts: Amount[]): Amount => ({
  count: amounts.reduce((total, { count }) => total + count, 0),
  size: amounts.reduce((total, { size }) => total + size, 0),
});

type File = Version & { file: string; kind: Named['kind'] };

/**
 * The marker went, and nothing was hidden after it: a removal that was stopped takes its marker away too, and what
 * somebody hides later is no part of it. The clocks of a store's servers may differ by a little.
 */
const wasRemoved = (id: string, files: File[]): boolean => {
  const rest = files.filter(one => one.file !== removedFile(id));
  const gone = markerGone(id, files);
  return gone > Number.NEGATIVE_INFINITY && gone + 60_000 >= lastHidden(rest);
};

const markerGone = (id: string, files: File[]): number =>
  lastHidden(files.filter(one => one.file === removedFile(id)));

/** In milliseconds; minus infinity where nothing is hidden. */
const lastHidden = (files: File[]): number =>
  Math.max(...files.filter(one => one.hides).map(one => one.modified.getTime()));

// What may be held first, the marker last. What hides a name goes after all that it hides.
const inOrder = (a: File, b: File): number =>
  rank(a) - rank(b) || (a.file < b.file ? -1 : a.file > b.file ? 1 : Number(a.hides) - Number(b.hides));

const rank = ({ kind, file }: File): number => {
  if (kind === 'removed') return 3;
  if (kind === 'object') return 0;
  return isLocked(file) ? 1 : 2;
};

const amount = (files: File[]): Amount =>
  sum(files.filter(one => !one.hides).map(({ size }) => ({ count: 1, size })));
