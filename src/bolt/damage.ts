/** The one error of a database that is not as bbolt writes it: where it is wrong, in pages and bytes, and how. */
import { SnapbackError } from '../errors.ts';

/** A place in the file: the page, and the bytes from the beginning of the file. */
export type Place = { page: number; offset: number };

/** `name` is the file as a person knows it. */
export const damaged = (name: string, { page, offset }: Place, reason: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: name,
    reason: `is damaged in page ${page}, at byte ${offset}: ${reason}`,
    hint: 'Use another copy of it, or another snapshot.',
  });
