/** Keys of a database as they were at one revision. */
import { SnapbackError } from '../errors.ts';
import type { Asked } from './answering.ts';
import { openDatabase } from './database.ts';
import { openKeyTable } from './key-table.ts';
import { readMetaBucket } from './meta-bucket.ts';
import { type KeyRecord, records } from './records.ts';

export type KeysAtQuestion = {
  path: string;
  /** A folder for what a very large number of keys needs. */
  scratch: string;
  /** Wanted are the keys that begin with one of these, */
  prefixes: Uint8Array[];
  /** and these. */
  keys: Uint8Array[];
  /** Null for the newest. */
  revision: number | null;
};

export type KeyAt = {
  key: Uint8Array;
  value: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  /** 0 without one. */
  lease: bigint;
};

/**
 * Hands them over in the order of their last changes, some at a time, and answers with the newest revision. Two passes
 * over the records; of the first only hashes of these keys are kept. Throws `integrity`, and `not-found` for a revision
 * that the database does not have.
 */
export const keysAt = (
  question: KeysAtQuestion,
  { name, emit }: Asked<KeyAt[]>,
): { newestRevision: number } => {
  using database = openDatabase(question.path, name);
  const wanted = selection(question);
  const until = question.revision ?? Number.MAX_SAFE_INTEGER;
  using table = openKeyTable({ scratch: question.scratch });
  let newestRevision = 0;
  for (const record of records(database)) {
    newestRevision = record.main;
    if (record.main <= until && wanted(record.key)) table.add(record.key, record.tombstone);
    else table.skip();
  }
  checkRevision(question, newestRevision, name);
  const { newest } = table.finish();
  const parts = inParts(emit);
  let number = 0;
  for (const record of records(database)) if (newest.has(number++)) parts.add(record);
  parts.flush();
  return { newestRevision };
};

const selection = ({ prefixes, keys }: KeysAtQuestion): ((key: Buffer) => boolean) => {
  const single = new Set(keys.map(key => Buffer.from(key).toString('latin1')));
  const starts = (key: Buffer, prefix: Uint8Array) =>
    key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
  return key =>
    prefixes.some(prefix => starts(key, prefix)) || (single.size > 0 && single.has(key.toString('latin1')));
};

/** What was compacted is not all there any more: of keys that changed since, the state in between is lost. */
const checkRevision = ({ path, revision }: KeysAtQuestion, newest: number, name: string): void => {
  if (revision === null) return;
  const { scheduledCompactRevision, finishedCompactRevision } = readMetaBucket({ path }, { name });
  const oldest = Math.max(scheduledCompactRevision ?? 1, finishedCompactRevision ?? 1);
  if (revision >= oldest && revision <= newest) return;
  throw new SnapbackError('not-found', {
    operation: 'read the keys',
    object: `revision ${revision} of ${name}`,
    reason:
      revision < oldest
        ? `was compacted: its history begins at ${oldest}`
        : `is newer than all of it, which ends at ${newest}`,
    hint: 'Name a revision in between, or another snapshot.',
  });
};

const partBytes = 1024 * 1024;
const partKeys = 1000;

const inParts = (emit: (part: KeyAt[]) => void) => {
  let [part, bytes]: [KeyAt[], number] = [[], 0];
  const flush = () => {
    if (part.length > 0) emit(part);
    [part, bytes] = [[], 0];
  };
  return {
    add: ({ key, value, createRevision, modRevision, version, lease }: KeyRecord) => {
      // Copies: the record and its bytes hold until the next one.
      part.push({
        key: Buffer.from(key),
        value: Buffer.from(value),
        createRevision,
        modRevision,
        version,
        lease,
      });
      bytes += key.length + value.length;
      if (bytes >= partBytes || part.length >= partKeys) flush();
    },
    flush,
  };
};
