/**
 * A database read through: that it is whole, and what a server on it would say of its keys: revisions, how many, HashKV.
 */
import { count } from '../figures.ts';
import type { Asked } from './answering.ts';
import { checkAsSnapshot } from './as-snapshot.ts';
import { type Database, openDatabase } from './database.ts';
import type { Entry } from './entries.ts';
import { type HashKV, hashKV } from './hashkv.ts';
import { type Living, openKeyTable } from './key-table.ts';
import { type MetaBucket, readMetaBucket } from './meta-bucket.ts';
import { checkOwnBuckets, fieldTakers } from './own-buckets.ts';
import { progressTwice, type ReadProgress } from './progress-twice.ts';
import { recordReader, records } from './records.ts';
import { checkStructure } from './structure.ts';

export type Keyspace = {
  /** Of the file, free ones among them. */
  pages: number;
  /** The newest: of a change, or what was compacted to where the last change was a deletion that went with it. */
  revision: number;
  /** What a server answers nothing below, from its start on, whether that was finished or not; -1 without any. */
  compactRevision: number;
  /** Changes of keys that are in the file. */
  records: number;
  /** How many keys there are at the newest revision. */
  keys: number;
  newest: KeysAt;
  /** At the revision that was asked for, else the newest. */
  asked: KeysAt;
};

/** `reason` says why a server would not tell, or not the same again. */
export type KeysAt = { revision: number } & (
  | { keys: number; hashKV: number; reason: null }
  | { keys: null; hashKV: null; reason: string }
);

export type KeyspaceQuestion = {
  path: string;
  /** A revision to be told of beside the newest. */
  revision: number | null;
  /** A folder for the table of keys where it is too large for memory. */
  scratch: string;
};

/**
 * Reads all of it, and all records a second time: which of the history count in HashKV shows only at the end. Throws
 * `integrity` where something is not as bbolt and etcd write it, and `failed` where the file or the folder fails.
 */
export const readKeyspace = (
  { path, revision, scratch }: KeyspaceQuestion,
  { name, emit }: Asked<ReadProgress>,
): Keyspace => {
  const meta = readMetaBucket({ path }, { name });
  const compaction = compactionIn(meta);
  using database = openDatabase(path, name);
  const progress = progressTwice(database.file.size, emit);
  const { pages, ...seen } = survey(database, meta, { revision, scratch, step: progress.step });
  const last = Math.max(1, seen.last, compaction.revision);
  const hashingAt = (revision: number, living: Living) => hashing(revision, living, last, compaction);
  const newest = hashingAt(last, seen.newest);
  const asked =
    revision === null || revision === last ? newest : hashingAt(revision, seen.marked ?? seen.newest);

  const sums = [...new Set([newest, asked])].filter(one => one.reason === null);
  progress.again();
  for (const record of records(database)) {
    for (const { sum } of sums) sum.add(record);
    progress.step(record.entry);
  }
  return {
    pages,
    revision: last,
    compactRevision: compaction.revision,
    records: seen.records,
    keys: newest.living.keys,
    newest: told(newest),
    asked: told(asked),
  };
};

type Compaction = { revision: number; finished: boolean };

/** What was asked for and what was done: at its start etcd goes on with what was not (etcd: kvstore.go, restore). */
const compactionIn = ({ scheduledCompactRevision, finishedCompactRevision }: MetaBucket): Compaction => {
  const [scheduled, finished] = [scheduledCompactRevision ?? -1, finishedCompactRevision ?? -1];
  return { revision: Math.max(scheduled, finished), finished: finished >= scheduled };
};

type Surveyed = {
  pages: number;
  /** The last record's revision, 0 without any, and how many there are. */
  last: number;
  records: number;
  /** What lives at the revision that was asked for, where later ones follow, and at the newest. */
  marked: Living | null;
  newest: Living;
};

/** The first way through, on which nothing is left out. */
const survey = (
  database: Database,
  { storageVersion }: MetaBucket,
  { revision, scratch, step }: { revision: number | null; scratch: string; step: (entry: Entry) => void },
): Surveyed => {
  using table = openKeyTable({ scratch });
  const read = recordReader(database);
  let [last, count] = [0, 0];
  const take = (entry: Entry) => {
    const { main, tombstone, keyStart, keyEnd } = read(entry);
    if (revision !== null && last <= revision && main > revision) table.mark();
    table.add(entry.bytes, tombstone, keyStart, keyEnd);
    last = main;
    count++;
    step(entry);
  };
  const structure = checkStructure(database, { ...fieldTakers(database, storageVersion), key: take });
  checkAsSnapshot(database, structure);
  checkOwnBuckets(database, structure.buckets);
  return { pages: structure.pages, last, records: count, ...table.finish() };
};

type Hashing = { revision: number; living: Living; sum: HashKV; reason: string | null };

const hashing = (revision: number, living: Living, last: number, compaction: Compaction): Hashing => ({
  revision,
  living,
  sum: hashKV({ revision, compactRevision: compaction.revision, living }),
  reason: whyNot(revision, living, last, compaction),
});

const whyNot = (revision: number, living: Living, last: number, compaction: Compaction): string | null => {
  if (revision > last) return `it ends at revision ${count(last)}`;
  if (revision < compaction.revision) return `it is compacted to revision ${count(compaction.revision)}`;
  // Then nothing is left out, and so how far it got is in the sum.
  if (living.nothing && !compaction.finished)
    return `no key lives at that revision, and a compaction to ${count(compaction.revision)} is half done`;
  return null;
};

const told = ({ revision, living, sum, reason }: Hashing): KeysAt =>
  reason === null
    ? { revision, keys: living.keys, hashKV: sum.value(), reason }
    : { revision, keys: null, hashKV: null, reason };
