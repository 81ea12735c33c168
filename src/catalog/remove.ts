/**
 * Removing a snapshot: a marker first, then the manifest, the object, the rest, and the marker last, so that
 * whatever ends a removal half way, nobody takes the remains for a snapshot and the next prune finishes it.
 */
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Listed, Store } from '../store/store.ts';
import { heldBy, heldWords } from './held.ts';
import { type Leftover, type Listing, readNames } from './listing.ts';
import { mustStayNow } from './must-stay-now.ts';
import { manifestFile, parseName, pinFile, removedFile } from './names.ts';
import type { Subject } from './rails.ts';
import { readManifest } from './read.ts';
import { anyone, type Trust } from './trust-key.ts';

/**
 * Removes one snapshot, for the reason given, which the marker records; false when it was gone already.
 *
 * Pins, verdicts and locks are read again, before the marker is written and once more after: `refused` when it is
 * pinned, held by the store, or has become the newest good or the newest verified one of `ours` (those of its
 * lineage, at least the ones that let it go); `evenNewest` lifts the last two for a person who insists. Files of its id
 * that this version does not know stay. On abort the marker stays, for the next prune.
 */
export const removeSnapshot = async (
  store: Store,
  entry: { cluster: string; id: string },
  options: {
    reason: string;
    ours: Subject[];
    /** The time after which a snapshot is future-dated. */
    now: Date;
    evenNewest?: boolean;
    /** Whose verdicts count when it is asked which are good and which verified. */
    trust: Trust;
    signal: AbortSignal;
  },
): Promise<boolean> => {
  const { cluster, id } = entry;
  const marker = `${cluster}/${removedFile(id)}`;
  const look = async (): Promise<Leftover | null> => {
    const listed = await filesBut(store, { cluster, id }, marker, options.signal);
    const [found] = readNames(cluster, listed).entries;
    if (!found) return null;
    if (found.pinned) throw stays(cluster, id, 'pinned');
    const why = options.evenNewest ? null : await mustStayNow(store, found, options);
    if (why !== null) throw stays(cluster, id, why);
    const held = await heldBy(store, found, options);
    if (held) throw locked(cluster, id, heldWords(held));
    return filesOf(cluster, id, listed);
  };
  if (!(await look())) return false;
  const marked = await mark(store, marker, options.reason, options.signal);
  try {
    const files = await look();
    if (files) await removeFiles(store, files, options.signal);
  } catch (error) {
    if (marked && isStay(error)) await store.remove(marker, options);
    throw error;
  }
  await store.remove(marker, options);
  return true;
};

/**
 * Finishes the removals of a listing that have begun; their ids. One that has a pin and still its manifest gets
 * its marker taken away instead, and one whose manifest is of another lineage, or that the store holds, is left alone.
 */
export const finishRemovals = async (
  store: Store,
  listing: Listing,
  options: { lineage: string; signal: AbortSignal },
): Promise<string[]> => {
  const finished: string[] = [];
  for (const { cluster, id, files } of listing.removing) {
    const marker = `${cluster}/${removedFile(id)}`;
    const has = (name: string) => files.some(file => file.name === name);
    if (has(manifestFile(id)) && (await isForeign(store, { cluster, id }, options))) continue;
    if (await heldBy(store, { cluster, files: files.map(file => file.name) }, options)) continue;
    if (!has(manifestFile(id)) || !has(pinFile(id))) {
      await removeFiles(store, { cluster, id, files }, options.signal);
      finished.push(id);
    }
    await store.remove(marker, options);
  }
  return finished;
};

const isForeign = async (
  store: Store,
  entry: { cluster: string; id: string },
  options: { lineage: string; signal: AbortSignal },
): Promise<boolean> => {
  try {
    // A signature says nothing of whose it is.
    await readManifest(store, entry, { ...options, trust: anyone });
    return false;
  } catch (error) {
    // Damage is a common reason for a removal, and being gone the usual course of one: neither makes it foreign.
    if (
      !isSnapbackError(error) ||
      (error.code !== 'integrity' && error.code !== 'not-found' && error.code !== 'refused')
    )
      throw error;
    return error.code === 'refused';
  }
};

const filesBut = async (
  store: Store,
  { cluster, id }: { cluster: string; id: string },
  marker: string,
  signal: AbortSignal,
): Promise<Listed[]> => {
  const listed: Listed[] = [];
  for await (const one of store.list(cluster, { prefix: `${id}.`, signal }))
    if (one.name !== marker) listed.push(one);
  return listed;
};

const filesOf = (cluster: string, id: string, listed: Listed[]): Leftover => {
  const files = listed.map(one => ({ ...one, name: one.name.slice(cluster.length + 1) }));
  return { cluster, id, files: files.filter(file => isKnownFileOf(file.name, id)) };
};

const isKnownFileOf = (file: string, id: string): boolean => {
  const named = parseName(file);
  return named.kind !== 'other' && 'id' in named && named.id === id;
};

const mark = async (store: Store, marker: string, reason: string, signal: AbortSignal): Promise<boolean> => {
  const write = (text: string) => store.put(marker, Buffer.from(text), { signal, removable: true });
  try {
    await write(`${reason.trim()}\n`).catch(error => {
      if (!isSnapbackError(error) || error.code !== 'store') throw error;
      // A full disk that has no room for a word has room for a name: what makes room must not need any.
      return write('').catch(() => Promise.reject(error));
    });
    return true;
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'refused') return false;
    throw error;
  }
};

// The manifest goes first: without it nothing of the rest is a snapshot. The marker is the caller's.
const removeFiles = async (
  store: Store,
  { cluster, id, files }: Leftover,
  signal: AbortSignal,
): Promise<void> => {
  const order = (file: string) => (file === manifestFile(id) ? 0 : parseName(file).kind === 'object' ? 1 : 2);
  const names = files.map(file => file.name).filter(name => name !== removedFile(id));
  for (const name of names.sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1)))
    await store.remove(`${cluster}/${name}`, { signal });
};

const stays = (cluster: string, id: string, why: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'remove',
    object: `snapshot ${id} of ${cluster}`,
    reason: `stays: it is ${why}`,
    hint:
      why === 'pinned' ? `\`snapback unpin ${id}\` first, if it really should go.` : 'Take a new one first.',
  });

const locked = (cluster: string, id: string, why: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'remove',
    object: `snapshot ${id} of ${cluster}`,
    reason: `stays: it is ${why}`,
    hint: 'The store keeps it until then, whoever asks; try again after that.',
  });

const isStay = (error: unknown): boolean => isSnapbackError(error) && error.code === 'refused';
