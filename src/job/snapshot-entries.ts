/** Keys of a snapshot, as they were at one revision. */
import { ask } from '../bolt/ask.ts';
import { type LivePart, liveKeysIn } from '../bolt/live-row.ts';
import { startsWith } from '../key-range.ts';
import type { Content } from './open-content.ts';

export type SnapshotEntry = {
  key: Buffer;
  value: Buffer;
  /** True where it hung on a lease. */
  leased: boolean;
};

/** Calls `onEntry` for one after the other, always in the same order, and waits for each. */
export type EachEntry = (
  onEntry: (entry: SnapshotEntry) => Promise<void>,
  options: { signal: AbortSignal },
) => Promise<void>;

export type Selection = {
  /** All keys that begin with one of these, */
  prefixes: Buffer[];
  /** and single ones, each by the names that it may have. */
  keys: Buffer[][];
  /** Null for the newest. */
  revision: number | null;
};

/**
 * `scratch` is a folder for what does not fit into memory. What it gives throws `integrity`, `not-found` for a revision
 * that the snapshot does not have, what `onEntry` throws, and the signal's reason.
 */
export const entriesOf = (
  { path, name }: Content,
  scratch: string,
  { prefixes, keys, revision }: Selection,
): EachEntry => {
  const single = new Set(keys.flat().map(key => key.toString('latin1')));
  const wanted = (key: Buffer) =>
    single.has(key.toString('latin1')) || prefixes.some(prefix => startsWith(key, prefix));
  const question = {
    path,
    scratch,
    revision,
    prefixes: [...prefixes, ...keys.flat()],
    hashes: false,
    values: true,
  };
  return async (onEntry, { signal }) => {
    const onPart = async (part: LivePart) => {
      for (const { key, value, lease } of liveKeysIn(part))
        if (value !== null && wanted(key)) await onEntry({ key, value, leased: lease !== 0n });
    };
    await ask('liveKeys', question, { name, signal, onPart });
  };
};
