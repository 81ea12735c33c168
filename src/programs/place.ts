/** Programs come into the cache whole or not at all: made aside, then renamed, so that runs can share one cache. */
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { from, SnapbackError } from '../errors.ts';
import { versionFolder } from './cache.ts';
import { programIn } from './folders.ts';
import type { Minor, ProgramName } from './versions.ts';
import { versions } from './versions.ts';

export type Aside = {
  /** For archives and what is unpacked from them. */
  work: string;
  /** Where the finished programs belong, flat. */
  programs: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * A new folder in the cache, on the same file system as the place the programs will be renamed to. Disposing
 * removes it. What a killed run left a day ago or more is removed too. Throws `failed` where it cannot write.
 */
export const openAside = async (cache: string): Promise<Aside> => {
  const root = join(cache, 'programs');
  try {
    await mkdir(root, { recursive: true });
    await removeStale(root);
    const folder = await mkdtemp(join(root, prefix));
    const [work, programs] = [join(folder, 'work'), join(folder, 'programs')];
    await mkdir(work);
    await mkdir(programs, { mode: 0o755 });
    return { work, programs, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  } catch (error) {
    throw from(error, 'failed', {
      operation: 'write into the cache',
      object: root,
      hint: 'SNAPBACK_CACHE_DIR names another folder.',
    });
  }
};

const prefix = '.aside-';

const removeStale = async (root: string): Promise<void> => {
  for (const name of await readdir(root)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(root, name);
    const modified = await stat(path).then(
      found => found.mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    if (Date.now() - modified > 24 * 3_600_000) await rm(path, { recursive: true, force: true });
  }
};

export type Placed = { folder: string; versions: Partial<Record<ProgramName, string>>; version: string };

/**
 * Runs each program of the release once to see that it is what it should be, then moves all of them to
 * `programs/<version>` of the cache. Where that exists (another run was faster, or one of its programs is
 * broken) each file takes the place of the old one at once. Throws `missing-program` for what is not right.
 */
export const putInPlace = async (
  aside: Aside,
  cache: string,
  minor: Minor,
  signal: AbortSignal,
): Promise<Placed> => {
  const said: Partial<Record<ProgramName, string>> = {};
  for (const name of versions[minor].programs) {
    await chmod(join(aside.programs, name), 0o755).catch(() => {});
    const found = await programIn(aside.programs, name, minor, signal);
    if (found.kind !== 'found') throw notRight(name, found.kind === 'other' ? found.reason : 'is not in it');
    said[name] = found.version;
  }
  const version = said.etcd ?? versions[minor].version;
  const folder = versionFolder(cache, version);
  await move(aside.programs, folder);
  return { folder, versions: said, version };
};

const move = async (source: string, target: string): Promise<void> => {
  try {
    await rename(source, target);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    for (const name of await readdir(source)) await rename(join(source, name), join(target, name));
  }
};

const notRight = (name: ProgramName, reason: string): SnapbackError =>
  new SnapbackError('missing-program', { operation: 'check what was made', object: name, reason });
