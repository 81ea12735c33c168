/** The snapshot that a person names to a command which changes it: only one that belongs to the folder's cluster. */

import type { Entry } from '../catalog/listing.ts';
import { readManifest } from '../catalog/read.ts';
import { selectSnapshot } from '../catalog/select.ts';
import { isSnapbackError } from '../errors.ts';
import type { OpenCatalog } from './open-catalog.ts';
import type { StoreSettings } from './settings.ts';

export type SnapshotSettings = StoreSettings & {
  /** SNAPSHOT as a person wrote it. */
  snapshot: string;
  /** Only those count whose time is not after it; null for all. */
  before: Date | null;
};

/**
 * Selects it and reads its manifest. One with a damaged manifest, or one that nobody signed who is trusted, is
 * taken, since that is a common reason to remove it or to keep it for a closer look; `damaged` says so. Throws what `selectSnapshot` throws, and `refused` for one of
 * another lineage or of a newer format.
 */
export const ownSnapshot = async (
  { store, listing, lineage, trust }: OpenCatalog,
  settings: SnapshotSettings,
  { signal }: { signal: AbortSignal },
): Promise<{ entry: Entry; damaged: boolean }> => {
  const { entry } = selectSnapshot(listing.entries, settings.snapshot, { before: settings.before });
  try {
    await readManifest(store, entry, { lineage, trust, signal });
    return { entry, damaged: false };
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'integrity') return { entry, damaged: true };
    throw error;
  }
};
