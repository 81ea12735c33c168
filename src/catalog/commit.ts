/** The commit point of a save: with its manifest a snapshot is there, without it nobody sees it. */
import type { Store } from '../store/store.ts';
import { sha256Of } from './document.ts';
import { type Manifest, manifestBytes } from './manifest.ts';
import { manifestFile } from './names.ts';
import type { SignKey } from './sign-key.ts';
import { putSignature } from './signature.ts';

/**
 * Writes the manifest, after everything that it names and after its signature; its size in bytes and its hash. `refused`
 * when a snapshot of that id is there. When it rejects, the snapshot is not listed and its object is an orphan.
 */
export const commitManifest = async (
  store: Store,
  manifest: Manifest,
  { signKey, signal }: { signKey: SignKey | null; signal: AbortSignal },
): Promise<{ size: number; sha256: string }> => {
  const bytes = manifestBytes(manifest);
  const name = `${manifest.cluster.name}/${manifestFile(manifest.id)}`;
  await putSignature(store, name, bytes, { signKey, signal });
  const { size } = await store.put(name, bytes, { signal });
  return { size, sha256: sha256Of(bytes) };
};

/** True where the manifest of that snapshot is there, whole or not. Throws `store`, or the signal's reason. */
export const isCommitted = async (
  store: Store,
  { cluster, id }: { cluster: string; id: string },
  { signal }: { signal: AbortSignal },
): Promise<boolean> => {
  const name = `${cluster}/${manifestFile(id)}`;
  for await (const one of store.list(cluster, { prefix: `${id}.`, signal }))
    if (one.name === name) return true;
  return false;
};
