/** Files that options name. */
import { readFileSync } from 'node:fs';
import { from, type SnapbackError } from './errors.ts';

/** Throws `usage` for one that cannot be read; `what` says what it was to be. */
export const readText = (file: string, what: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(error, file, what);
  }
};

export const unreadable = (error: unknown, file: string, what: string): SnapbackError =>
  from(error, 'usage', {
    operation: `read ${what}`,
    object: `file ${file}`,
    reason: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read',
    hint: 'Check the path and who may read it.',
  });
