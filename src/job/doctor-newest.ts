/** The newest snapshot of the cluster: which programs it needs, and how much space. */
import { listSnapshots } from '../catalog/listing.ts';
import { readManifest } from '../catalog/read.ts';
import type { Trust } from '../catalog/trust-key.ts';
import type { Store } from '../store/store.ts';

/** `size` is in bytes, of etcd's own file. */
export type Newest = { id: string; version: string | null; size: number };

/** Null where there is none, or it cannot be read: that is for `list` to say. */
export const newestSnapshot = async (
  store: Store,
  cluster: string,
  { trust, signal }: { trust: Trust; signal: AbortSignal },
): Promise<Newest | null> => {
  try {
    const [entry] = (await listSnapshots(store, cluster, { signal })).entries;
    if (!entry) return null;
    const { manifest } = await readManifest(store, entry, { lineage: null, trust, signal });
    return { id: entry.id, version: manifest.etcd.version, size: manifest.plain.size };
  } catch {
    signal.throwIfAborted();
    return null;
  }
};
