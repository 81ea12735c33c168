/** Keys of a snapshot, as they were at one revision. */
import { ask } from '../bolt/ask.ts';
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
  prefixes: Buffer[];
  keys: Buffer[];
  /** Null for the newest. */
  revision: number | null;
};

/** What it gives throws `integrity`, `not-found` for a revision that the snapshot does not have, what `onEntry` throws, and the signal's reason. */
export const entriesOf =
  ({ path, name }: Content, scratch: string, selection: Selection): EachEntry =>
  async (onEntry, { signal }) => {
    const onPart = async (part: { key: Uint8Array; value: Uint8Array; lease: bigint }[]) => {
      for (const { key, value, lease } of part)
        await onEntry({ key: view(key), value: view(value), leased: lease !== 0n });
    };
    await ask('keysAt', { path, scratch, ...selection }, { name, signal, onPart });
  };

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
