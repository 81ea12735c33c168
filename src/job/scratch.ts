/** A private folder for a database in clear: 0700, removed whatever happens, on a disk that has the space. */

import { stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { from, messageOf, SnapbackError } from '../errors.ts';
import { size } from '../figures.ts';
import { fileTrouble } from '../file-trouble.ts';
import { etcdOnDiskOf } from '../programs/in-use.ts';
import type { Context } from './context.ts';
import { livingFolder, removeDead } from './scratch-life.ts';

export type Scratch = { path: string; [Symbol.asyncDispose](): Promise<void> };

/** What killed runs left in the folder goes first. Throws `usage` where the folder is none, `failed` where it has not `needed` bytes free. */
export const openScratch = async (parent: string | null, needed: number): Promise<Scratch> => {
  const folder = parent ?? tmpdir();
  const details = { operation: 'make the scratch folder', object: `folder ${folder}` };
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('is not a folder');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'is not there' : messageOf(error);
    throw from(error, 'usage', {
      ...details,
      reason,
      hint: 'Name a folder that is there with --scratch DIR.',
    });
  }
  // Before the space is measured: a run that was killed may have left a whole database.
  await removeDead(folder);
  await checkSpace(folder, needed);
  return await livingFolder(folder).catch(error => {
    throw from(error, 'failed', {
      ...details,
      reason: fileTrouble(error),
      hint: 'Name a folder that can be written to with --scratch DIR.',
    });
  });
};

/** Said once a run: a drill writes the database and more, beside an etcd that waits for its own writes there. */
export const noteLivingEtcd = async (parent: string | null, { log }: Pick<Context, 'log'>): Promise<void> => {
  const folder = parent ?? tmpdir();
  const pid = await etcdOnDiskOf(folder);
  if (pid !== null)
    log.info(
      `the scratch folder ${folder} is on the disk of a running etcd (process ${pid}), which a drill may slow: --scratch DIR names another disk`,
    );
};

/** Throws `failed` before anything is written, not in the middle of it. */
export const checkSpace = async (folder: string, needed: number): Promise<void> => {
  const { bavail, bsize } = await statfs(folder);
  needRoom(
    { folder, free: bavail * bsize, needed },
    'Make room there, or name a folder on another disk with --scratch DIR.',
  );
};

/** Throws `failed` where fewer bytes are free than are needed. */
export const needRoom = (
  { folder, free, needed }: { folder: string; free: number; needed: number },
  hint: string,
): void => {
  if (free >= needed) return;
  throw new SnapbackError('failed', {
    operation: 'check the space',
    object: `folder ${folder}`,
    reason: `has ${size(free)} free, and ${size(needed)} are needed`,
    hint,
  });
};

/** About three times the database: the file, and of each member the restored copy, room to grow, and etcd's preallocated log. */
export const spaceForDrill = (bytes: number, members = 1): number =>
  bytes + members * (2 * bytes + 200 * 1024 * 1024);

/** The file, where it has to be unpacked, and the table of its keys. */
export const spaceForContent = (bytes: number): number => bytes + spaceForKeys(bytes);

/** Beyond two million keys 16 bytes a record, which seldom has less than 64 in the file. */
export const spaceForKeys = (bytes: number): number => Math.ceil(bytes / 4);
