/** What a store itself keeps from being removed: an object lock on a file of a snapshot holds the whole snapshot. */
import { from, type SnapbackError } from '../errors.ts';
import type { Held, Store } from '../store/store.ts';
import { eightAtATime } from './eight-at-a-time.ts';
import { parseName } from './names.ts';

/**
 * True for the files of a snapshot that a lock is set on: what a restore needs. Pins and the markers of removals must
 * be free to go at any time. A verdict can be found again, one that is written late would outlast the lock of its
 * snapshot, and whoever verifies needs no right to lock. `file` is a name without the cluster.
 */
export const isLocked = (file: string): boolean =>
  ['manifest', 'signature', 'object', 'attachments'].includes(parseName(file).kind);

/**
 * The lock of a snapshot that lasts longest, null where there is none. A verdict or a pin that a bucket locks by itself
 * keeps nothing else. `files` are names without the cluster.
 */
export const heldBy = async (
  store: Store,
  { cluster, files }: { cluster: string; files: string[] },
  options: { signal: AbortSignal },
): Promise<Held | null> => {
  let longest: Held | null = null;
  for (const file of files) {
    if (!isLocked(file)) continue;
    const held = await store.held(`${cluster}/${file}`, options);
    if (held && (longest === null || endOf(held) > endOf(longest))) longest = held;
  }
  return longest;
};

/**
 * The locks of several snapshots by their ids. One whose locks cannot be asked for has the error in their place, and
 * is to stay; only an abort ends all, with the signal's reason.
 */
export const heldAmong = async (
  store: Store,
  entries: { cluster: string; id: string; files: string[] }[],
  options: { signal: AbortSignal },
): Promise<Map<string, Held | SnapbackError>> => {
  const found = new Map<string, Held | SnapbackError>();
  await eightAtATime(entries, async entry => {
    const held = await heldBy(store, entry, options).catch((error: unknown) => {
      options.signal.throwIfAborted();
      const object = `snapshot ${entry.id} of ${entry.cluster}`;
      return from(error, 'store', { operation: 'ask for the lock', object });
    });
    if (held) found.set(entry.id, held);
  });
  return found;
};

/** Until when all of a snapshot is held, by the lock that ends first; null where some of it is not held at all. */
export const heldWhole = async (
  store: Store,
  { cluster, files }: { cluster: string; files: string[] },
  options: { signal: AbortSignal },
): Promise<Held | null> => {
  const locks: Held[] = [];
  for (const file of files.filter(isLocked)) {
    const held = await store.held(`${cluster}/${file}`, options);
    if (held === null) return null;
    locks.push(held);
  }
  return firstOf(locks);
};

/**
 * Holds all of a snapshot until then, or longer where it is held longer already; the lock that ends first now. Throws
 * what `store.hold` throws, and then some of it may be held and some not.
 */
export const holdWhole = async (
  store: Store,
  { cluster, files }: { cluster: string; files: string[] },
  until: Date,
  options: { signal: AbortSignal },
): Promise<Held | null> => {
  const locks: Held[] = [];
  for (const file of files.filter(isLocked))
    locks.push(await store.hold(`${cluster}/${file}`, until, options));
  return firstOf(locks);
};

/** When a lock ends, in milliseconds; infinity where it has no end. */
export const endOf = ({ until }: Held): number => until?.getTime() ?? Number.POSITIVE_INFINITY;

/** As it reads after "it is". */
export const heldWords = ({ until, by }: Held): string =>
  until === null
    ? `retained without an end (${by})`
    : `retained until ${until.toISOString().slice(0, 16).replace('T', ' ')} UTC (${by})`;

const firstOf = (locks: Held[]): Held | null =>
  locks.reduce<Held | null>((first, held) => (first && endOf(first) <= endOf(held) ? first : held), null);
