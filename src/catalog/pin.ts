/** A pin keeps a snapshot whatever the policy says. */
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { readSmall } from './document.ts';
import { type Entry, listSnapshots } from './listing.ts';
import { pinFile } from './names.ts';

/**
 * Pins a snapshot of a listing; false when it was pinned already, and then the first reason stays. The pin is
 * written first and its files listed after, as a removal writes its marker first and lists after: at least one
 * of the two sees the other. `refused` when its removal has begun meanwhile, `not-found` when it is gone.
 */
export const pin = async (
  store: Store,
  entry: Pick<Entry, 'cluster' | 'id'>,
  reason: string,
  options: { signal: AbortSignal },
): Promise<boolean> => {
  const { cluster, id } = entry;
  const name = `${cluster}/${pinFile(id)}`;
  const added = await putPin(store, name, reason, options);
  const listing = await listSnapshots(store, cluster, { ...options, prefix: `${id}.` });
  if (listing.entries.some(one => one.id === id)) return added;
  const begun = listing.removing.some(one => one.id === id);
  if (added && !begun) await store.remove(name, options);
  throw new SnapbackError(begun ? 'refused' : 'not-found', {
    operation: 'pin',
    object: `snapshot ${id} of ${cluster}`,
    reason: begun ? 'is being removed' : 'is not there',
    hint: '`snapback list` shows what is there.',
  });
};

/** Takes the pin away; false when there was none. */
export const unpin = async (
  store: Store,
  entry: Pick<Entry, 'cluster' | 'id' | 'pinned'>,
  options: { signal: AbortSignal },
): Promise<boolean> => {
  await store.remove(`${entry.cluster}/${pinFile(entry.id)}`, options);
  return entry.pinned;
};

/** Why a snapshot is pinned, as it was written; null when it is not. */
export const readPin = async (
  store: Store,
  entry: Pick<Entry, 'cluster' | 'id'>,
  options: { signal: AbortSignal },
): Promise<string | null> => {
  try {
    const bytes = await readSmall(store, `${entry.cluster}/${pinFile(entry.id)}`, options);
    return new TextDecoder().decode(bytes).trim();
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'not-found') return null;
    throw error;
  }
};

const putPin = async (
  store: Store,
  name: string,
  reason: string,
  options: { signal: AbortSignal },
): Promise<boolean> => {
  try {
    await store.put(name, Buffer.from(`${reason.trim()}\n`), { ...options, removable: true });
    return true;
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'refused') return false;
    throw error;
  }
};
