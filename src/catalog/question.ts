/** What a command asks of a listing. */
import { isSnapbackError } from '../errors.ts';
import type { Entry } from './listing.ts';
import { selectSnapshot } from './select.ts';

/** What is asked of a listing: the newest part of a folder, and of the verdicts a few, may answer it. */
export type Question = {
  /** As a person wrote them. */
  snapshots: string[];
  before: Date | null;
  /** As `selectSnapshot` has it. */
  skipBad?: boolean;
  /** The answer also names the newest verified one, and for `another` one that was not asked for. */
  newestVerified?: 'any' | 'another';
  /** All names are listed, and of this many newest ones it is told what stands. */
  rows?: number;
};

/** The one that a person's word chooses; null where it chooses none. Throws only what nobody foresaw. */
export const chosenOf = (
  entries: Entry[],
  snapshot: string,
  { before, skipBad }: Pick<Question, 'before' | 'skipBad'>,
): Entry | null => {
  try {
    return selectSnapshot(entries, snapshot, { before, skipBad: skipBad ?? false }).entry;
  } catch (error) {
    if (isSnapbackError(error)) return null;
    throw error;
  }
};
