/** What a store itself keeps from being removed: an object lock on a file of a snapshot holds the whole snapshot. */
import type { Held, Store } from '../store/store.ts';
import { parseName } from './names.ts';

/**
 * The lock of a snapshot that lasts longest, null where there is none. Asked of what a restore needs: a verdict or a
 * pin that is locked keeps nothing else. `files` are names without the cluster.
 */
export const heldBy = async (
  store: Store,
  { cluster, files }: { cluster: string; files: string[] },
  options: { signal: AbortSignal },
): Promise<Held | null> => {
  let longest: Held | null = null;
  for (const file of files) {
    if (!['manifest', 'object', 'attachments'].includes(parseName(file).kind)) continue;
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
