/** What the file system refuses with, in a person's words. */
import { messageOf } from './errors.ts';

/** Reads on from the folder or the file that was to be written. */
export const fileTrouble = (error: unknown): string => {
  switch (error instanceof Error && 'code' in error ? error.code : null) {
    case 'ENOSPC':
      return 'cannot be written: no space is left on that disk';
    case 'EDQUOT':
      return "cannot be written: this user's quota of that disk is used up";
    case 'EROFS':
      return 'cannot be written: that file system is mounted read-only';
    case 'EACCES':
    case 'EPERM':
      return `may not be written by this user (uid ${process.getuid?.() ?? '?'})`;
    case 'ENOENT':
      return 'cannot be made: the folder for it is not there';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'cannot be made: a part of its path is a file';
    default:
      return `cannot be written (${messageOf(error)})`;
  }
};
