/** What a store itself keeps from being removed: an object lock on a file of a snapshot holds the whole snapshot. */
import type { Held, Store } from '../store/store.ts';
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

/** The locks of several snapshots by their ids, at most eight asked for at a time. */
export const heldAmong = async (
  store: Store,
  entries: { cluster: string; id: string; files: string[] }[],
  options: { signal: AbortSignal },
): Promise<Map<string, Held>> => {
  const found = new Map<string, Held>();
  const waiting = entries.values();
  const worker = async () => {
    for (const entry of waiting) {
      const held = await heldBy(store, entry, options);
      if (held) found.set(entry.id, held);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return found;
};

/** As it reads after "it is". */
export const heldWords = ({ until, by }: Held): string =>
  until === null
    ? `retained without an end (${by})`
    : `retained until ${until.toISOString().slice(0, 16).replace('T', ' ')} UTC (${by})`;

const endOf = ({ until }: Held): number => until?.getTime() ?? Number.POSITIVE_INFINITY;
