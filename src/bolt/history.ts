/** Which revisions of its keys a database still has. */
import { SnapbackError } from '../errors.ts';
import { readMetaBucket } from './meta-bucket.ts';

export type History = {
  /** The newest that any change or compaction has; 1 where nobody ever wrote. */
  newest: number;
  /**
   * The one that was compacted to, which can still be read; 1 where none was. A compaction that was asked for counts, done
   * or not: what is before it may be gone already.
   */
  oldest: number;
};

/** `lastChange` is the revision of the last record, 0 without any. Throws what `readMetaBucket` throws. */
export const historyOf = (path: string, name: string, lastChange: number): History => {
  const { scheduledCompactRevision, finishedCompactRevision } = readMetaBucket({ path }, { name });
  const oldest = Math.max(1, scheduledCompactRevision ?? 0, finishedCompactRevision ?? 0);
  return { newest: Math.max(lastChange, oldest), oldest };
};

/** Throws `not-found` where the keys cannot be told as they were at `revision`; null is the newest. */
export const checkRevision = (revision: number | null, { newest, oldest }: History, name: string): void => {
  if (revision === null || (revision >= oldest && revision <= newest)) return;
  throw new SnapbackError('not-found', {
    operation: 'read the keys',
    object: `revision ${revision} of ${name}`,
    reason:
      revision < oldest
        ? `was compacted away: its history begins at ${oldest}`
        : `is not in it: its newest is ${newest}`,
    hint:
      revision < oldest
        ? 'Name a later one, or an older snapshot, which may still have it.'
        : 'Name an earlier one, or a newer snapshot.',
  });
};
