/** The manifests of the snapshots that somebody wants to see. */
import { from, type SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { readSmall, sha256Of } from './document.ts';
import { eightAtATime } from './eight-at-a-time.ts';
import type { Entry } from './listing.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { manifestFile } from './names.ts';

/** A manifest as it was read; `sha256` is of its bytes. */
export type ReadManifest = { manifest: Manifest; sha256: string; bytes: Uint8Array };

/** A row: its manifest, or why it cannot be believed. */
export type Row = { entry: Entry } & (
  | { read: ReadManifest; error: null }
  | { read: null; error: SnapbackError }
);

/**
 * Reads and checks one manifest. Throws what `parseManifest` throws, `not-found` when it is gone, `store` when the
 * store is away. `lineage` is null only where that was warned of (`useLineage`).
 */
export const readManifest = async (
  store: Store,
  entry: Pick<Entry, 'cluster' | 'id'>,
  options: { lineage: string | null; signal: AbortSignal },
): Promise<ReadManifest> => {
  const { cluster, id } = entry;
  const bytes = await readSmall(store, `${cluster}/${manifestFile(id)}`, options);
  return {
    manifest: parseManifest(bytes, { cluster, id, lineage: options.lineage }),
    sha256: sha256Of(bytes),
    bytes,
  };
};

/**
 * Reads the manifests of some entries, at most eight at a time, in the order given. One that cannot be read is an
 * error of its row alone; only an abort ends all, with the signal's reason.
 */
export const readManifests = async (
  store: Store,
  entries: Entry[],
  options: { lineage: string | null; signal: AbortSignal },
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
  options: { lineage: string | null; signal: AbortSignal },
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
  options: { lineage: string | null; signal: AbortSignal },
): Promise<Row> => {
  try {
    return { entry, read: await readManifest(store, entry, options), error: null };
  } catch (cause) {
    options.signal.throwIfAborted();
    const object = `manifest ${entry.cluster}/${manifestFile(entry.id)}`;
    return { entry, read: null, error: from(cause, 'store', { operation: 'read from the store', object }) };
  }
};
