/** The keys that a database has at one revision, in the order of the keys. */
import { hash } from 'node:crypto';
import type { Asked } from './answering.ts';
import { type Database, openDatabase } from './database.ts';
import { checkRevision, type History, historyOf } from './history.ts';
import { isDeleted, type LivePart, readRow, rowSize, writeRow } from './live-row.ts';
import { type KeyRecord, records } from './records.ts';
import { openSortedRuns, type Sorted } from './sorted-runs.ts';

export type LiveKeysQuestion = {
  path: string;
  /** A folder for what does not fit into memory. */
  scratch: string;
  /** Null for the newest. */
  revision: number | null;
  /** Those that begin with one of these; null for all. */
  prefixes: Uint8Array[] | null;
  /** Whether the rows have the hashes of their values. */
  hashes: boolean;
  /** Whether the values themselves come too. */
  values: boolean;
};

/** As many as were handed over. */
export type LiveKeysAnswer = History & { keys: number };

/**
 * Hands the keys over in parts. One pass over all records, of which the last of
 * each key is kept: 8 MiB of them in memory, the others on the disk. Throws `integrity`, `not-found` for a revision that the
 * database does not have, and `failed` for a disk that cannot be read or is full.
 */
export const liveKeys = (question: LiveKeysQuestion, { name, emit }: Asked<LivePart>): LiveKeysAnswer => {
  using database = openDatabase(question.path, name);
  using runs = openSortedRuns(question.scratch);
  const until = question.revision ?? Number.POSITIVE_INFINITY;
  const wanted = beginsWith(question.prefixes);
  let last = 0;
  for (const record of records(database)) {
    last = record.main;
    if (last > until || !wanted(record)) continue;
    const { rows, at } = runs.place(record.entry.bytes, record.keyStart, record.keyEnd);
    writeRow(
      rows,
      at,
      record,
      question.hashes && !record.tombstone ? hash('sha256', record.value, 'buffer') : null,
    );
  }
  const history = historyOf(question.path, name, last);
  checkRevision(question.revision, history, name);
  const parts = inParts(database, question.values, part => emit({ ...part, ...history }));
  let keys = 0;
  for (const row of runs.sorted()) {
    if (isDeleted(row.rows, row.at)) continue;
    parts.add(row);
    keys += 1;
  }
  parts.flush();
  return { ...history, keys };
};

/** A record without a key is no key's: a restore with --bump-revision makes one. */
const beginsWith =
  (prefixes: Uint8Array[] | null) =>
  ({ entry: { bytes }, keyStart, keyEnd }: KeyRecord): boolean =>
    keyEnd > keyStart &&
    (prefixes === null ||
      prefixes.some(
        prefix =>
          prefix.length <= keyEnd - keyStart &&
          bytes.compare(prefix, 0, prefix.length, keyStart, keyStart + prefix.length) === 0,
      ));

const partSize = 64 * 1024;

const inParts = (
  database: Database,
  values: boolean,
  emit: (part: Omit<LivePart, keyof History>) => void,
) => {
  let [keys, rows, found, size]: [Buffer[], Buffer[], Buffer[], number] = [[], [], [], 0];
  const flush = () => {
    if (keys.length === 0) return;
    let end = 0;
    emit({
      keys: Buffer.concat(keys),
      ends: Uint32Array.from(keys, key => (end += key.length)),
      rows: Buffer.concat(rows),
      values: values ? Buffer.concat(found) : null,
    });
    [keys, rows, found, size] = [[], [], [], 0];
  };
  const add = ({ key, rows: all, at }: Sorted) => {
    keys.push(Buffer.from(key, 'latin1'));
    rows.push(Buffer.from(all.subarray(at, at + rowSize)));
    size += key.length + rowSize;
    if (values) {
      const row = readRow(all, at);
      found.push(database.file.read(row.offset, row.size));
      size += row.size;
    }
    if (size >= partSize) flush();
  };
  return { add, flush };
};
