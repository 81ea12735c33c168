/** What a store in a folder needs of its file system, tried. */
import { link, rmdir, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSnapbackError } from '../errors.ts';
import { size } from '../figures.ts';
import { type Finding, failed, inTurn, passed, type Step, warned } from './examination.ts';
import { clockStep } from './examine-clock.ts';
import { listedOnes, readSteps, sampleText } from './examine-object.ts';
import { codeOf, fileError } from './file-error.ts';
import { exists } from './file-publish.ts';
import { partName } from './file-write.ts';
import { checkCluster } from './name.ts';
import type { Examined, Store } from './store.ts';

/** See the contract. Folders that were made for it are removed again, unless something else is in them by then. */
export async function* examineFolder(
  store: Store,
  root: string,
  cluster: string,
  { start, signal }: { start: string; signal: AbortSignal },
): AsyncGenerator<Examined> {
  checkCluster(cluster, 'examine the store');
  const folder = join(root, cluster);
  const made = await missingFolders(folder);
  const name = `${cluster}/${start}.put`;
  const removeAll = async () => {
    const limit = AbortSignal.timeout(4_000);
    for (const one of await listedOnes(store, cluster, start, limit))
      await store.remove(one, { signal: limit });
  };
  try {
    yield* inTurn(
      [
        { name: 'folder', needs: [], run: () => lookAt(root) },
        { name: 'put', needs: ['folder'], run: () => put(store, root, name, signal) },
        ...readSteps(() => store, name, signal),
        { name: 'write once', needs: ['put'], run: () => putAgain(store, name, signal) },
        { name: 'hard links', needs: ['put'], run: () => tryLink(join(root, name)) },
        { name: 'delete', needs: ['put'], run: () => remove(store, name, signal) },
        clockStep(() => store, ['put'], signal),
        { name: 'space', needs: ['folder'], run: () => space(store, root, cluster, signal) },
      ] satisfies Step[],
      signal,
    );
  } finally {
    await removeAll().catch(() => {});
    for (const one of made) await rmdir(one).catch(() => {});
  }
}

/** Those that the first object would make, the deepest first. */
const missingFolders = async (folder: string): Promise<string[]> => {
  const there = await exists(folder).catch(() => true);
  return there ? [] : [folder, ...(await missingFolders(dirname(folder)))];
};

const lookAt = async (root: string): Promise<Finding> => {
  const found = await stat(root).catch(async (error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw await fileError(error, 'look at the store', root);
  });
  if (found === null) return passed(`${root} is not there yet: the first save makes it`);
  if (!found.isDirectory())
    return failed(`${root} is not a folder`, 'Name a folder with --store; it is made when it is not there.');
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  if ((found.mode & 0o022) === 0) return passed(`${root}, mode ${mode}`);
  return warned(`${root} can be written to by other users (mode ${mode})`, `chmod go-w ${root}`);
};

const put = async (store: Store, root: string, name: string, signal: AbortSignal): Promise<Finding> => {
  await store.put(name, sampleText, { signal });
  const mode = (await stat(join(root, name))).mode & 0o777;
  if ((mode & 0o077) === 0) return passed('written whole, and synced to the disk');
  return warned(
    `this file system gave the file the mode ${mode.toString(8).padStart(4, '0')}: others can read what is stored`,
    'Mount it so that only this user can read it (umask=077), or encrypt with --recipient.',
  );
};

const putAgain = async (store: Store, name: string, signal: AbortSignal): Promise<Finding> => {
  try {
    await store.put(name, Buffer.from('another'), { signal });
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'refused') throw error;
    return passed('a name that is there is refused');
  }
  return failed(`${name} was written over`, 'Such a file system cannot hold a store: choose another.');
};

const tryLink = async (path: string): Promise<Finding> => {
  // Named as an unfinished upload: never listed, and prune's after a kill -9.
  const second = partName(dirname(path), 'doctor');
  try {
    await link(path, second);
    return passed('two writers of one name are kept apart by the file system');
  } catch (error) {
    return warned(
      `this file system knows none (${codeOf(error)}): writers of one name are kept apart by a file beside it`,
      null,
    );
  } finally {
    await unlink(second).catch(() => {});
  }
};

const remove = async (store: Store, name: string, signal: AbortSignal): Promise<Finding> => {
  await store.remove(name, { signal });
  const [cluster = '', start = ''] = name.split('/');
  const left = await listedOnes(store, cluster, start, signal);
  return left.length === 0
    ? passed('what was written is gone')
    : failed(`${left.join(', ')} was removed and is still listed`, 'Look at the file system below it.');
};

/** The largest object tells how large the next one may be. */
const space = async (store: Store, root: string, cluster: string, signal: AbortSignal): Promise<Finding> => {
  let largest = 0;
  for await (const one of store.list(cluster, { signal })) largest = Math.max(largest, one.size);
  const free = await freeSpace(root);
  const room = `${size(free)} free`;
  if (largest === 0) return passed(room);
  const detail = `${room}, the largest object here has ${size(largest)}`;
  return free > 2 * largest
    ? passed(detail)
    : warned(detail, 'Make room there, let prune keep less, or choose another store with --store.');
};

const freeSpace = async (folder: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(folder) === folder)
      throw await fileError(error, 'ask for the free space', folder);
    return freeSpace(dirname(folder));
  }
};
