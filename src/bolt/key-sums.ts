/** What the keys of a database come to, whoever lives and whatever is past. */
import type { Database } from './database.ts';
import type { Entry } from './entries.ts';
import { type Folder, newFolders } from './folders.ts';
import { type Living, openKeyTable } from './key-table.ts';
import { newLargest } from './largest.ts';
import { type MostRevised, newMostRevised, type Revised } from './most-revised.ts';
import type { ProgressTwice } from './progress-twice.ts';
import { type KeyRecord, recordReader, records } from './records.ts';
import { checkStructure, type Structure } from './structure.ts';
import { addRecord, emptySums, type Sums } from './sums.ts';
import { newTree } from './tree-size.ts';

export type KeySums = {
  totals: Sums;
  /** Of the keys that begin with the prefix, as all that follows. */
  selected: Sums;
  folders: Folder[];
  /** Of those that live. */
  largest: LargeValue[];
  mostRevised: { rows: (Revised & { key: Uint8Array })[]; others: number };
  /** Keys that live as long as some lease, and as long as each of those that were named. */
  leasedKeys: number;
  leased: Map<string, number>;
  /** 1 where nobody ever wrote. */
  lastRevision: number;
  structure: Structure;
  /** Pages of the bucket `key`, if it were written anew. */
  keyPages: number;
};

export type LargeValue = { key: Uint8Array; bytes: number; revision: number };

export type KeySumsWanted = {
  /** A folder for what does not fit into memory. */
  scratch: string;
  prefix: Uint8Array;
  /** Levels of folders below the prefix. */
  depth: number;
  /** How many of the largest values and of the most revised keys. */
  top: number;
  /** Ids of the leases whose keys are to be counted. */
  leases: string[];
};

/** Throws `integrity` for whatever bbolt and etcd do not write, `failed` where the folder cannot take the table of keys. */
export const readKeySums = (database: Database, wanted: KeySumsWanted, progress: ProgressTwice): KeySums => {
  const revised = newMostRevised();
  const { newest, ...surveyed } = survey(database, wanted, revised, progress);
  progress.again();
  const sums = sumsOf(wanted, newest, revised);
  for (const record of records(database)) {
    sums.add(record);
    progress.step(record.entry);
  }
  const { rows, others } = revised.top(wanted.top);
  const mostRevised = { others, rows: rows.map(row => ({ ...row, key: keyOf(database, row) })) };
  return { ...sums.all(), ...surveyed, mostRevised };
};

type Surveyed = Pick<KeySums, 'structure' | 'keyPages' | 'lastRevision'> & { newest: Living };

// Half of what the table takes by itself: there is more to hold here.
const keysInMemory = 1_000_000;

/** The first way through, whose table of keys is as large as all the rest together and gone when the second begins. */
const survey = (
  database: Database,
  { scratch, prefix }: KeySumsWanted,
  revised: MostRevised,
  progress: ProgressTwice,
): Surveyed => {
  using table = openKeyTable({ scratch, limit: keysInMemory });
  const tree = newTree(database.meta.pageSize);
  const read = recordReader(database);
  let lastRevision = 1;
  const take = (entry: Entry) => {
    const { main, keyStart, keyEnd, tombstone } = read(entry);
    table.add(entry.bytes, tombstone, keyStart, keyEnd);
    if (isBelow(prefix, entry.bytes, keyStart, keyEnd)) revised.count(entry.bytes, keyStart, keyEnd);
    tree.add(entry.middle - entry.start, entry.end - entry.middle);
    lastRevision = main;
    progress.step(entry);
  };
  const structure = checkStructure(database, { key: take });
  return { structure, keyPages: tree.pages(), lastRevision, newest: table.finish().newest };
};

/** The second, on which it is known what lives. */
const sumsOf = (
  { prefix, depth, top, leases }: KeySumsWanted,
  newest: Living,
  revised: MostRevised,
): {
  add(record: KeyRecord): void;
  all(): Pick<KeySums, 'totals' | 'selected' | 'folders' | 'largest' | 'leasedKeys' | 'leased'>;
} => {
  const [totals, selected] = [emptySums(), emptySums()];
  const folders = newFolders(prefix, depth);
  const largest = newLargest<LargeValue>(top);
  const leased = new Map(leases.map(id => [id, 0]));
  let [number, leasedKeys] = [0, 0];
  return {
    add: record => {
      const live = newest.has(number++);
      const { main, sub, entry, keyStart, keyEnd, valueStart, valueEnd } = record;
      const size = entry.end - entry.start;
      // A restore with --bump-revision writes a record of no key.
      if (keyStart === keyEnd) return;
      addRecord(totals, size, live);
      if (live && record.leaseStart !== 0) {
        const id = String(record.lease);
        const known = leased.get(id);
        leasedKeys += 1;
        if (known !== undefined) leased.set(id, known + 1);
      }
      if (!isBelow(prefix, entry.bytes, keyStart, keyEnd)) return;
      addRecord(selected, size, live);
      folders.add(entry.bytes, { start: keyStart, end: keyEnd, size, live });
      revised.add(entry.bytes, { start: keyStart, end: keyEnd, size, main, sub, live });
      const bytes = valueEnd - valueStart;
      if (live && largest.takes(bytes))
        largest.add(bytes, { key: Uint8Array.from(record.key), bytes, revision: main });
    },
    all: () => ({ totals, selected, folders: folders.rows(), largest: largest.all(), leasedKeys, leased }),
  };
};

/** Whether the bytes from `start` to `end` begin with it. */
const isBelow = (prefix: Uint8Array, bytes: Buffer, start: number, end: number): boolean => {
  const { length } = prefix;
  return (
    length === 0 || (end - start >= length && bytes.compare(prefix, 0, length, start, start + length) === 0)
  );
};

/** The keys of the few are read again, so that nothing of the many has to be kept. */
const keyOf = (database: Database, { main, sub }: Revised): Uint8Array => {
  for (const record of records(database, { from: main }))
    if (record.sub === sub) return Uint8Array.from(record.key);
  throw new Error(`revision ${main} is gone`);
};
