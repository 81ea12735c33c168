/** One key of a database as it was at one revision, or what can be told of it where it was not there. */
import { openDatabase } from './database.ts';
import { checkRevision, type History, historyOf } from './history.ts';
import { type LiveRow, readRow, rowSize, writeRow } from './live-row.ts';
import { records } from './records.ts';

export type OneKeyQuestion = {
  path: string;
  /** Of these, which are names for the same, the one that is there. */
  keys: Uint8Array[];
  /** Null for the newest. */
  revision: number | null;
};

export type OneKeyAnswer = History & {
  /** Null where it did not live at that revision. */
  found: (LiveRow & { key: Uint8Array; value: Uint8Array }) | null;
  /** When it was deleted last, up to that revision, and when it was changed last before. */
  deleted: { at: number; lastChange: number | null } | null;
  /** When it was made later. */
  createdLater: number | null;
  /** Keys that have the longest beginning in common with it, a few of many; those that live at the revision. */
  near: Uint8Array[];
};

/**
 * One pass over all records, of which nothing but that key is kept. Throws `integrity`, `failed`, and `not-found` for a revision that
 * the database does not have.
 */
export const oneKey = (
  { path, keys, revision }: OneKeyQuestion,
  { name }: { name: string },
): OneKeyAnswer => {
  using database = openDatabase(path, name);
  const until = revision ?? Number.POSITIVE_INFINITY;
  const wanted = keys.map(key => Buffer.from(key));
  const near = nearest(wanted[0] ?? Buffer.alloc(0));
  const row = Buffer.alloc(rowSize);
  let found: Buffer | null = null;
  let deleted: OneKeyAnswer['deleted'] = null;
  let [createdLater, lastChange, last]: [number | null, number | null, number] = [null, null, 0];
  for (const record of records(database)) {
    last = record.main;
    const { key, main, tombstone } = record;
    if (!wanted.some(one => one.equals(key))) {
      if (main <= until && key.length > 0) near.see(key, tombstone);
    } else if (main > until) createdLater ??= tombstone ? null : main;
    else if (tombstone) {
      deleted = { at: main, lastChange };
      found = null;
    } else {
      writeRow(row, 0, record, null);
      found = Buffer.from(key);
      lastChange = main;
    }
  }
  const history = historyOf(path, name, last);
  checkRevision(revision, history, name);
  if (found === null) return { ...history, found, deleted, createdLater, near: near.keys() };
  const { hash: _, ...told } = readRow(row, 0);
  const value = database.file.read(told.offset, told.size);
  return {
    ...history,
    found: { ...told, hash: Buffer.alloc(0), key: found, value },
    deleted,
    createdLater,
    near: [],
  };
};

const nearLimit = 1000;

const nearest = (wanted: Buffer) => {
  let common = 1;
  const keys = new Set<string>();
  return {
    see: (key: Buffer, tombstone: boolean) => {
      let same = 0;
      while (same < key.length && key[same] === wanted[same]) same += 1;
      if (same < common) return;
      if (same > common) keys.clear();
      common = same;
      if (tombstone) keys.delete(key.toString('latin1'));
      else if (keys.size < nearLimit) keys.add(key.toString('latin1'));
    },
    keys: () => [...keys].map(key => Buffer.from(key, 'latin1')),
  };
};
