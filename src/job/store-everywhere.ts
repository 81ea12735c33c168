/** One snapshot into all stores at once: every store gets the same bytes, and its manifest after them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { commitManifest, isCommitted } from '../catalog/commit.ts';
import { manifestFile, signatureFile } from '../catalog/names.ts';
import type { SignKey } from '../catalog/sign-key.ts';
import { tee } from '../codec/tee.ts';
import { from, SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import type { Folder } from './save-folder.ts';
import type { Taking } from './take-snapshot.ts';

/** What happened to a store: null is whole and listed there. */
export type Stored = { store: Store; error: SnapbackError | null };

// How long a store may clean up after an abort: what hangs in a system call may never come back. Less than the edge waits
// for a job, so that what the others have is still told.
const cleanUp = 3_000;

/**
 * Each store goes its own way after the tee: one that fails, or takes nothing for `patience` milliseconds while another
 * waits, is dropped and its upload aborted, and the others go on to their manifests. Never throws: each has its error.
 */
export const storeEverywhere = (
  taking: Taking,
  name: string,
  folders: Folder[],
  { patience, signKey }: { patience: number; signKey: SignKey | null },
  context: Context,
): Promise<Stored[]> => {
  const controllers = folders.map(() => new AbortController());
  const late = (at: number): SnapbackError => {
    const error = tooSlow(folders[at]?.store.location ?? '', patience);
    controllers[at]?.abort(error);
    return error;
  };
  const [only] = folders;
  const bodies =
    only && folders.length === 1 ? [taking.stream] : tee(taking.stream, folders.length, { patience, late });
  return Promise.all(
    folders.map(async (folder, at): Promise<Stored> => {
      const dropped = controllers[at]?.signal ?? context.signal;
      const signal = AbortSignal.any([context.signal, dropped]);
      const body = bodies[at] ?? taking.stream;
      const work = storeIn(folder, { ...taking, stream: body }, name, { ...context, signKey, signal });
      try {
        await Promise.race([work, givenUp(signal)]);
        return { store: folder.store, error: null };
      } catch (error) {
        const details = { operation: 'store the snapshot', object: `store ${folder.store.location}` };
        return {
          store: folder.store,
          error: from(signal.aborted ? signal.reason : error, 'failed', details),
        };
      }
    }),
  );
};

const storeIn = async (
  { store, recordCluster }: Folder,
  taking: Taking,
  name: string,
  { signKey, signal, notify }: Context & { signKey: SignKey | null },
): Promise<void> => {
  await store.put(name, taking.stream, { signal, atMost: taking.atMost });
  try {
    const manifest = await taking.manifest();
    const { size } = manifest.object;
    const recipients = manifest.object.recipients.length;
    notify({
      kind: 'stored',
      location: store.location,
      name,
      size,
      plainSize: manifest.plain.size,
      recipients,
      signed: signKey !== null,
    });
    await recordCluster();
    await commitManifest(store, manifest, { signKey, signal });
  } catch (error) {
    await removeUnlessCommitted(store, name);
    throw error;
  }
};

/**
 * Without its manifest nobody would ever see the object, nor the signature. After an answer that was lost the manifest may be there, and
 * then the object must stay: an orphan is better than a snapshot without its bytes. The caller's signal is of no use
 * here: it may be the reason.
 */
const removeUnlessCommitted = async (store: Store, name: string): Promise<void> => {
  const tidy = { signal: AbortSignal.timeout(cleanUp) };
  const [cluster = '', file = ''] = name.split('/');
  const [id = ''] = file.split('.');
  try {
    if (await isCommitted(store, { cluster, id }, tidy)) return;
    await store.remove(`${cluster}/${signatureFile(manifestFile(id))}`, tidy);
    await store.remove(name, tidy);
  } catch {
    // The store is away: what it has is found by the next prune.
  }
};

/** Rejects some time after the abort; until then never settles. */
const givenUp = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const giveUp = () => sleep(cleanUp).then(() => reject(signal.reason));
    signal.addEventListener('abort', giveUp, { once: true });
  });

const tooSlow = (location: string, patience: number): SnapbackError =>
  new SnapbackError('store', {
    operation: 'store the snapshot',
    object: `store ${location}`,
    reason: `took no bytes for ${patience / 1000} s, while another store waited for it`,
    hint: 'Look at its network and its disk. `snapback copy` brings the snapshot there later; --idle-timeout allows more time.',
  });
