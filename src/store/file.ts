/**
 * A store in a folder: one folder a cluster, one file an object. A file is written beside its final name as
 * `.<name>.<random>.part`, synced, given its name by a link that cannot replace anything, and the folder synced.
 *
 * Calls to the file system cannot be interrupted, so a signal is looked at between them.
 */
import { readdir, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { SnapbackError } from '../errors.ts';
import { withBody } from './body.ts';
import { codeOf, fileError } from './file-error.ts';
import { examineFolder } from './file-examine.ts';
import { exists, publish } from './file-publish.ts';
import { readFile } from './file-read.ts';
import { makeFolder, partName, syncFolder, unfinished, writeNew } from './file-write.ts';
import { checkCluster, isNamePart, splitName } from './name.ts';
import type { GetOptions, Listed, ListOptions, PutOptions, Store } from './store.ts';

/**
 * The store in a folder, which is made (0700) by the first `put`; until then it is an empty store. `location` is
 * what a person called it. Nothing is looked at yet; nothing needs to be disposed of.
 */
export const openFileStore = (path: string, location = `file://${resolve(path)}`): Store => {
  const root = resolve(path);
  const store: Store = {
    location,
    put: (name, body, options) => put(root, name, body, options),
    get: (name, options) => get(root, name, options),
    list: (cluster, options) => list(root, cluster, options),
    clusters: ({ signal }) => clusters(root, signal),
    remove: (name, { signal }) => remove(root, name, signal),
    removeUnfinished: (cluster, { before, signal }) => removeUnfinished(root, cluster, before, signal),
    now: ({ signal }) => now(root, signal),
    held: async () => null,
    canHold: async () => false,
    hold: async name => {
      throw cannotHold(root, name);
    },
    versions: async (cluster, { signal }) => {
      signal.throwIfAborted();
      checkCluster(cluster, 'list the versions');
      return null;
    },
    removeVersion: async ({ name }, { signal }) => {
      signal.throwIfAborted();
      splitName(name, 'remove a version');
      return null;
    },
    examine: (cluster, options) => examineFolder(store, root, cluster, options),
    [Symbol.asyncDispose]: async () => {},
  };
  return store;
};

const put = (
  root: string,
  name: string,
  body: Readable | Uint8Array,
  { signal }: PutOptions,
): Promise<{ size: number }> =>
  withBody(body, signal, async () => ({ size: await putFile(root, name, body, signal) }));

const putFile = async (
  root: string,
  name: string,
  body: Readable | Uint8Array,
  signal: AbortSignal,
): Promise<number> => {
  const { cluster, file } = splitName(name, 'write to the store');
  const folder = join(root, cluster);
  const target = join(folder, file);
  const onFileError = (error: unknown) => fileError(error, `write ${name}`, root);
  const onDisk = orElse(onFileError);

  await onDisk(makeFolder(folder));
  if (await onDisk(exists(target))) throw taken(root, name);
  const part = partName(folder, file);
  try {
    const size = await writeNew(part, body, { signal, onFileError });
    signal.throwIfAborted();
    if (!(await onDisk(publish(part, target)))) throw taken(root, name);
    await onDisk(durable(target, folder));
    return size;
  } catch (error) {
    await unlink(part).catch(() => {});
    throw error;
  }
};

/** What may be gone after a power cut was not written: it is taken back. */
const durable = async (target: string, folder: string): Promise<void> => {
  try {
    await syncFolder(folder);
  } catch (error) {
    await unlink(target).catch(() => {});
    throw error;
  }
};

const taken = (root: string, name: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'write to the store',
    object: `${name} in ${root}`,
    reason:
      'is already there, or is being written by another run, and nothing in a store is ever overwritten',
    hint: 'What is there was left as it is.',
  });

const cannotHold = (root: string, name: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'lock',
    object: `${name} in ${root}`,
    reason: 'cannot be locked: a folder knows no locks',
    hint: 'A bucket with object lock does; `snapback pin` keeps a snapshot from prune in every store.',
  });

const get = async (root: string, name: string, { signal, offset = 0 }: GetOptions): Promise<Readable> => {
  signal.throwIfAborted();
  const { cluster, file } = splitName(name, 'read from the store');
  try {
    return await readFile(join(root, cluster, file), offset, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (codeOf(error) !== 'ENOENT') throw await fileError(error, `read ${name}`, root);
    throw new SnapbackError('not-found', {
      operation: 'read from the store',
      object: `${name} in ${root}`,
      reason: 'is not there',
      cause: error,
    });
  }
};

async function* list(
  root: string,
  cluster: string,
  { signal, after = '', prefix = '' }: ListOptions,
): AsyncGenerator<Listed> {
  checkCluster(cluster, 'list the store');
  const onDisk = orElse(error => fileError(error, `list ${cluster}/`, root));
  const isWanted = (file: string) => isNamePart(file) && file > after && file.startsWith(prefix);
  const files = (await onDisk(namesIn(join(root, cluster), signal))).filter(isWanted);
  // A stat at a time would be slow on a network file system, all at once would crowd out everything else.
  for (let at = 0; at < files.length; at += 32) {
    signal.throwIfAborted();
    const some = files.slice(at, at + 32).map(file => look(root, cluster, file));
    for (const listed of await onDisk(Promise.all(some))) if (listed) yield listed;
  }
}

const look = async (root: string, cluster: string, file: string): Promise<Listed | null> => {
  const found = await orNull(stat(join(root, cluster, file)));
  return found?.isFile() ? { name: `${cluster}/${file}`, size: found.size, modified: found.mtime } : null;
};

const clusters = async (root: string, signal: AbortSignal): Promise<string[]> => {
  const onDisk = orElse(error => fileError(error, 'list the clusters', root));
  const found: string[] = [];
  for (const folder of (await onDisk(namesIn(root, signal))).filter(isNamePart).sort()) {
    if (!(await onDisk(orNull(stat(join(root, folder)))))?.isDirectory()) continue;
    for await (const _ of list(root, folder, { signal })) {
      found.push(folder);
      break;
    }
  }
  return found;
};

const remove = async (root: string, name: string, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted();
  const { cluster, file } = splitName(name, 'remove from the store');
  const onDisk = orElse(error => fileError(error, `remove ${name}`, root));
  await onDisk(orNull(unlink(join(root, cluster, file))));
  await onDisk(orNull(syncFolder(join(root, cluster))));
};

const removeUnfinished = async (
  root: string,
  cluster: string,
  before: Date,
  signal: AbortSignal,
): Promise<string[]> => {
  checkCluster(cluster, 'remove unfinished uploads');
  const onDisk = orElse(error => fileError(error, `remove unfinished uploads of ${cluster}/`, root));
  const removed: string[] = [];
  for (const file of await onDisk(namesIn(join(root, cluster), signal))) {
    if (!unfinished.test(file)) continue;
    signal.throwIfAborted();
    // The last write counts: what is still being written, however slowly, is nobody's leftover.
    const found = await onDisk(orNull(stat(join(root, cluster, file))));
    if (!found?.isFile() || found.mtime >= before) continue;
    await onDisk(orNull(unlink(join(root, cluster, file))));
    removed.push(`${cluster}/${file}`);
  }
  return removed.sort();
};

const now = async (root: string, signal: AbortSignal): Promise<Date> => {
  signal.throwIfAborted();
  const onFileError = (error: unknown) => fileError(error, "read the store's clock", root);
  const onDisk = orElse(onFileError);
  // Where there is no folder yet there is no store whose clock could differ, and asking must not make one.
  if (!(await onDisk(exists(root)))) return new Date();
  const part = partName(root, 'clock');
  try {
    await writeNew(part, new Uint8Array(1), { signal, onFileError });
    return (await onDisk(stat(part))).mtime;
  } finally {
    await unlink(part).catch(() => {});
  }
};

/** The names in a folder, none where it is not there. */
const namesIn = async (folder: string, signal: AbortSignal): Promise<string[]> => {
  signal.throwIfAborted();
  return (await orNull(readdir(folder))) ?? [];
};

const orNull = async <T>(act: Promise<T>): Promise<T | null> => {
  try {
    return await act;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
};

const orElse =
  (explain: (error: unknown) => Promise<Error>) =>
  async <T>(act: Promise<T>): Promise<T> => {
    try {
      return await act;
    } catch (error) {
      throw await explain(error);
    }
  };
