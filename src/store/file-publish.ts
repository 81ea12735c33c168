/**
 * Gives a finished file its final name, never over something that is there. `rename` replaces in silence, so
 * it is not used for that; `link` fails with EEXIST, atomically, also between hosts on a shared file system.
 */
import { link, lstat, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './file-error.ts';

/** File systems without hard links: FAT and exFAT say EPERM, others one of the rest. */
const noLinks = new Set(['EPERM', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP', 'EMLINK']);

/** True when `part` now is `target`, false when `target` was there already. Throws the file system's errors. */
export const publish = async (part: string, target: string): Promise<boolean> => {
  try {
    await link(part, target);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return sameFile(part, target);
    if (noLinks.has(codeOf(error) ?? '')) return publishByReservation(part, target);
    throw error;
  }
  await dropPart(part);
  return true;
};

// The object is there under its name: a part that stays is one for `removeUnfinished`, and no failure.
const dropPart = (part: string): Promise<void> => unlink(part).catch(() => {});

// NFS can lose the answer of a link that was made and meet its own work when it asks again.
const sameFile = async (part: string, target: string): Promise<boolean> => {
  const [ours, there] = await Promise.all([lstat(part, { bigint: true }), lstat(target, { bigint: true })]);
  if (ours.ino !== there.ino || ours.dev !== there.dev || ours.ino === 0n) return false;
  await dropPart(part);
  return true;
};

/**
 * The fallback where hard links are unknown. Whoever creates the reservation `.<name>.reserved.part` (O_EXCL is
 * atomic) may look whether the final name is free and rename onto it; all writers there come this way, so no
 * two of them are between the look and the rename. A kill -9 in between leaves a reservation that is not listed
 * and that `removeUnfinished` removes; until then that one name cannot be written, which is safe.
 */
export const publishByReservation = async (part: string, target: string): Promise<boolean> => {
  const reservation = join(dirname(target), `.${basename(target)}.reserved.part`);
  try {
    await (await open(reservation, 'wx', 0o600)).close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    if (await exists(target)) return false;
    await rename(part, target);
    return true;
  } finally {
    await unlink(reservation);
  }
};

/** True when something has that name, a broken symbolic link too. */
export const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
};
