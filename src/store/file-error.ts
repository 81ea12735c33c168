/** What the file system answers, in a person's words. */

import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { from, messageOf, type SnapbackError } from '../errors.ts';
import { size } from '../figures.ts';

/** The code of an error of Node's, such as `ENOENT`; null for every other thing that was thrown. */
export const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/**
 * The error of the program for one of the file system: `store`, unless the caller knows better. A full disk is
 * told with the space that is left.
 */
export const fileError = async (
  error: unknown,
  operation: string,
  folder: string,
): Promise<SnapbackError> => {
  const object = `store folder ${folder}`;
  const { reason, hint } = await explain(error, folder);
  return from(error, 'store', { operation, object, reason, hint });
};

const explain = async (error: unknown, folder: string): Promise<{ reason: string; hint?: string }> => {
  switch (codeOf(error)) {
    case 'ENOSPC':
      return {
        reason: `is full (${await spaceLeft(folder)})`,
        hint: 'Make room there, or choose another store with --store.',
      };
    case 'EDQUOT':
      return {
        reason: 'is full: the quota of this user is used up',
        hint: 'Make room there or raise the quota.',
      };
    case 'EROFS':
      return {
        reason: 'is on a file system that is mounted read-only',
        hint: 'Mount it writable, or choose another store with --store.',
      };
    case 'EACCES':
    case 'EPERM':
      return {
        reason: `may not be used by this user (uid ${process.getuid?.() ?? '?'}): ${messageOf(error)}`,
        hint: 'Give it to the user who runs snapback, or choose another store with --store.',
      };
    case 'ENOTDIR':
    case 'EEXIST':
      return {
        reason: 'is not a folder, or lies below a file',
        hint: 'Name a folder with --store; it is made when it is not there.',
      };
    default:
      return { reason: `cannot be used: ${messageOf(error)}` };
  }
};

const spaceLeft = async (folder: string): Promise<string> => {
  try {
    const { bavail, bsize } = await statfs(folder);
    return `${size(bavail * bsize)} free`;
  } catch {
    // The folder may be gone or never made; its parent tells as much about the disk.
    return dirname(folder) === folder ? 'free space unknown' : spaceLeft(dirname(folder));
  }
};
