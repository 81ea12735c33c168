/**
 * A directory that etcd's restore may fill: new or empty, worked on in a folder inside it, so that it can be a
 * mount point, keeps its owner and mode, and shows nothing before all is done.
 */
import { constants, existsSync } from 'node:fs';
import { access, chown, mkdir, mkdtemp, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { from, SnapbackError } from '../errors.ts';
import { fileTrouble } from '../file-trouble.ts';
import { pidUsing } from './in-use.ts';

export type Claim = {
  /** Does not exist yet, and lies on the same file system as the directory. */
  work: string;
  /** Gives what is in `work` its final names, durably. Refused, with all as it was, where one of them exists. */
  keep(): Promise<void>;
  /** Removes what was made here and not kept, and nothing else. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Throws `refused` where the directory is not empty or is a file: nothing is ever overwritten or deleted there.
 * `lost+found`, which every new ext4 mount has, does not count. Creates the directory with mode 0700 where
 * it is not there.
 */
export const claim = async (directory: string): Promise<Claim> => {
  const path = resolve(directory);
  await checkEmpty(path);
  let first: string | undefined;
  try {
    first = await mkdir(path, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(path, '.snapback-restore-'));
    const work = join(folder, 'work');
    let kept = false;
    return {
      work,
      keep: async () => {
        await giveToOwner(path, work);
        await moveUp(work, path);
        kept = true;
      },
      [Symbol.asyncDispose]: async () => {
        await rm(folder, { recursive: true, force: true });
        if (!kept && first !== undefined) await removeEmpty(path, first);
      },
    };
  } catch (error) {
    if (first !== undefined) await removeEmpty(path, first);
    throw notThere(error, path);
  }
};

/** Throws `refused` where `path` exists and is not an empty directory, `failed` where nothing can be written there. */
export const checkEmpty = async (path: string): Promise<void> => {
  const names = await readdir(path).catch(error => {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw refused(path, 'is not a directory');
    throw notThere(error, path);
  });
  const there = names.filter(name => name !== 'lost+found');
  if (there.length === 0) return checkWritable(path);
  const pid = await pidUsing(path);
  if (pid !== null) throw refused(path, `is in use by a running etcd (process ${pid})`);
  const unfinished = there.find(name => name.startsWith('.snapback-restore-'));
  throw refused(
    path,
    unfinished === undefined
      ? `is not empty (it holds ${there[0]})`
      : `holds ${unfinished}, a restore that is running or was killed`,
  );
};

// Asked of the folder that is there already: Node's recursive mkdir says ENOENT on a read-only file system.
const checkWritable = async (path: string): Promise<void> => {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  await access(folder, constants.W_OK).catch(error => {
    throw notThere(error, path);
  });
};

/** Root restores for whoever owns the directory: etcd's own user could not open files of root. */
const giveToOwner = async (path: string, work: string): Promise<void> => {
  const { uid, gid } = await stat(path);
  if (process.getuid?.() !== 0 || (uid === 0 && gid === 0)) return;
  for (const name of await readdir(work, { recursive: true })) await chown(join(work, name), uid, gid);
};

const moveUp = async (work: string, path: string): Promise<void> => {
  const names = await readdir(work);
  const there = new Set(await readdir(path));
  const taken = names.find(name => there.has(name));
  // A rename would replace a file in silence; only someone working here at the same moment can have made one.
  if (taken !== undefined) throw refused(path, `got ${taken} from someone else meanwhile`);
  for (const name of names) await rename(join(work, name), join(path, name));
  await using handle = await open(path);
  await handle.sync();
};

/** `rmdir` refuses what is not empty, so nothing of anyone else can go. */
const removeEmpty = async (path: string, first: string): Promise<void> => {
  for (let folder = path; ; folder = dirname(folder)) {
    const gone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!gone || folder === resolve(first) || folder === dirname(folder)) return;
  }
};

const notThere = (error: unknown, path: string): SnapbackError =>
  from(error, 'failed', {
    operation: 'restore',
    object: `directory ${path}`,
    reason: fileTrouble(error),
    hint: 'Mend that, or name another directory.',
  });

const refused = (path: string, reason: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'restore',
    object: `directory ${path}`,
    reason,
    hint: 'Name a directory that is new or empty, or move away what is there: nothing is ever deleted or overwritten.',
  });
