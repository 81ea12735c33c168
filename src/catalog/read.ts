/** The manifests of the snapshots that somebody wants to see. */
import { from, type SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { readSmall, sha256Of } from './document.ts';
import { eightAtATime } from './eight-at-a-time.ts';
import type { Entry } from './listing.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { manifestFile } from './names.ts';
import { checkSignature } from './signature.ts';
import type { Trust } from './trust-key.ts';

/** A manifest as it was read; `sha256` is of its bytes. */
export type ReadManifest = {
  manifest: Manifest;
  sha256: string;
  bytes: Uint8Array;
  /** The file of the key that signed it; null where signatures are not looked at. */
  signedBy: string | null;
};

/** Which manifests are believed. */
export type Belief = {
  /** Null only where that was warned of (`useLineage`). */
  lineage: string | null;
  /** Whose signatures count: what nobody of them signed is `integrity`, and nothing in it is looked at. */
  trust: Trust;
};

/** A row: its manifest, or why it cannot be believed. */
export type Row = { entry: Entry } & (
  | { read: ReadManifest; error: null }
  | { read: null; error: SnapbackError }
);

/**
 * Reads and checks one manifest: the one door to what is in it, for every command. Throws `integrity` for one that is
 * not signed as it must be, what `parseManifest` throws, `not-found` when it is gone, `store` when the store is away.
 */
export const readManifest = async (
  store: Store,
  entry: Pick<Entry, 'cluster' | 'id'>,
  { lineage, trust, signal }: Belief & { signal: AbortSignal },
): Promise<ReadManifest> => {
  const { cluster, id } = entry;
  const name = `${cluster}/${manifestFile(id)}`;
  const bytes = await readSmall(store, name, { signal });
  const signedBy = await checkSignature(store, name, bytes, { trust, signal });
  return {
    manifest: parseManifest(bytes, { cluster, id, lineage }),
    sha256: sha256Of(bytes),
    bytes,
    signedBy,
  };
};

/**
 * Reads the manifests of some entries, at most eight at a time, in the order given. One that cannot be read is an
 * error of its row alone; only an abort ends all, with the signal's reason.
 */
export const readManifests = async (
  store: Store,
  entries: Entry[],
  options: Belief & { signal: AbortSignal },
): Promise<Row[]> => {
  const rows: Row[] = [];
  await eightAtATime(entries.entries(), async ([at, entry]) => {
    rows[at] = await readRow(store, entry, options);
  });
  return rows;
};

/** Why the manifest of an entry cannot be believed; null when it can. */
export type Checked = { entry: Entry; error: SnapbackError | null };

/** The same for any number of entries: what is in the manifests is not kept. */
export const checkManifests = async (
  store: Store,
  entries: Entry[],
  options: Belief & { signal: AbortSignal },
): Promise<Checked[]> => {
  const checked: Checked[] = [];
  await eightAtATime(entries.entries(), async ([at, entry]) => {
    const { error } = await readRow(store, entry, options);
    checked[at] = { entry, error };
  });
  return checked;
};

const readRow = async (
  store: Store,
  entry: Entry,
  options: Belief & { signal: AbortSignal },
): Promise<Row> => {
  try {
    return { entry, read: await readManifest(store, entry, options), error: null };
  } catch (cause) {
    options.signal.throwIfAborted();
    const object = `manifest ${entry.cluster}/${manifestFile(entry.id)}`;
    return { entry, read: null, error: from(cause, 'store', { operation: 'read from the store', object }) };
  }
};
