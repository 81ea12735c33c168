/** What is in a database of etcd, added up: every record is read, and no value is kept. */
import { readAlarms, type StoredAlarm } from './alarms.ts';
import { readAuth, type StoredAuth } from './auth.ts';
import { readCluster, type StoredCluster } from './cluster.ts';
import { type Database, openDatabase } from './database.ts';
import { type Folder, newFolders } from './folders.ts';
import { type Living, openKeyTable } from './key-table.ts';
import { newLargest } from './largest.ts';
import { type Layout, layoutOf } from './layout.ts';
import { readLeases, type StoredLease } from './leases.ts';
import { readMembers, readRemovedMembers, type StoredMember } from './members.ts';
import { type MetaBucket, readMetaBucket } from './meta-bucket.ts';
import { newMostRevised, type Revised } from './most-revised.ts';
import { type KeyRecord, recordReader, records } from './records.ts';
import type { Listed } from './small-bucket.ts';
import { checkStructure } from './structure.ts';
import { addRecord, emptySums, type Sums } from './sums.ts';
import { newTree } from './tree-size.ts';

export type Inspection = {
  meta: MetaBucket;
  /** The newest that any record or compaction has; 1 where nobody ever wrote. */
  revision: number;
  cluster: StoredCluster;
  members: Listed<StoredMember>;
  removedMembers: Listed<{ id: string }>;
  leases: Listed<StoredLease & { keys: number }>;
  /** Keys that live as long as some lease. */
  leasedKeys: number;
  alarms: Listed<StoredAlarm>;
  auth: StoredAuth;
  layout: Layout;
  totals: Sums;
  /** Of the keys that begin with the prefix, as all that follows. */
  selected: Sums;
  folders: Folder[];
  largest: LargeValue[];
  mostRevised: { rows: (Revised & { key: Uint8Array })[]; others: number };
};

export type LargeValue = { key: Uint8Array; bytes: number; revision: number };

export type InspectionOrder = {
  path: string;
  /** A folder for what does not fit into memory. */
  scratch: string;
  prefix: Uint8Array;
  /** Levels of folders below the prefix. */
  depth: number;
  /** How many of the largest values and of the most revised keys. */
  top: number;
};

/** Throws `integrity` for whatever etcd does not write, `failed` for a disk that cannot read, or is full. */
export const inspect = (order: InspectionOrder, { name }: { name: string }): Inspection => {
  using database = openDatabase(order.path, name);
  const meta = readMetaBucket(order, { name });
  const cluster = readCluster(database);
  const members = readMembers(database);
  const removedMembers = readRemovedMembers(database);
  const leases = readLeases(database);
  const alarms = readAlarms(database);
  const auth = readAuth(database);
  const keys = readKeys(
    database,
    order,
    leases.rows.map(({ id }) => id),
  );
  const { scheduledCompactRevision, finishedCompactRevision } = meta;
  return {
    meta,
    revision: Math.max(keys.lastRevision, scheduledCompactRevision ?? 0, finishedCompactRevision ?? 0),
    cluster,
    members,
    removedMembers,
    leases: { ...leases, rows: leases.rows.map(one => ({ ...one, keys: keys.leased.get(one.id) ?? 0 })) },
    leasedKeys: keys.leasedKeys,
    alarms,
    auth,
    layout: keys.layout,
    totals: keys.totals,
    selected: keys.selected,
    folders: keys.folders,
    largest: keys.largest,
    mostRevised: keys.mostRevised,
  };
};

type Keys = Pick<
  Inspection,
  'totals' | 'selected' | 'folders' | 'largest' | 'mostRevised' | 'leasedKeys' | 'layout'
> & {
  lastRevision: number;
  /** By lease. */
  leased: Map<string, number>;
};

/** In two passes: which records are the newest of their keys is known after all of them. */
const readKeys = (
  database: Database,
  { scratch, prefix, depth, top }: InspectionOrder,
  leases: string[],
): Keys => {
  const revised = newMostRevised();
  const newest = newestOf(database, scratch, key => {
    if (isBelow(prefix, key)) revised.count(key);
  });
  const [totals, selected] = [emptySums(), emptySums()];
  const folders = newFolders(prefix, depth);
  const largest = newLargest<LargeValue>(top);
  const leased = new Map(leases.map(id => [id, 0]));
  const tree = newTree(database.meta.pageSize);
  let [ordinal, lastRevision, leasedKeys] = [0, 1, 0];
  const take = (record: KeyRecord) => {
    const { key, main, sub, entry } = record;
    const live = newest.has(ordinal++);
    const bytes = entry.end - entry.start;
    tree.add(entry.middle - entry.start, entry.end - entry.middle);
    lastRevision = main;
    if (key.length === 0) return;
    addRecord(totals, bytes, live);
    if (live && record.leaseStart !== 0) {
      const id = String(record.lease);
      leasedKeys += 1;
      const known = leased.get(id);
      if (known !== undefined) leased.set(id, known + 1);
    }
    if (!isBelow(prefix, key)) return;
    addRecord(selected, bytes, live);
    folders.add(key, bytes, live);
    revised.add(key, { bytes, main, sub, live });
    const size = record.valueEnd - record.valueStart;
    if (live && largest.takes(size))
      largest.add(size, { key: Uint8Array.from(key), bytes: size, revision: main });
  };
  const read = recordReader(database);
  const structure = checkStructure(database, { key: entry => take(read(entry)) });
  return {
    totals,
    selected,
    folders: folders.rows(),
    largest: largest.all(),
    leased,
    leasedKeys,
    lastRevision,
    mostRevised: named(database, revised.top(top)),
    layout: layoutOf(structure, tree.pages()),
  };
};

// Half of what the table takes by itself: there is more to hold here.
const keysInMemory = 1_000_000;

/** The table is as large as all the rest together: it is gone when the second pass begins. */
const newestOf = (database: Database, scratch: string, watch: (key: Buffer) => void): Living => {
  using table = openKeyTable({ scratch, limit: keysInMemory });
  for (const { key, tombstone } of records(database)) {
    // A restore with --bump-revision writes a record of no key.
    if (key.length === 0) table.skip();
    else table.add(key, tombstone);
    watch(key);
  }
  return table.finish().newest;
};

const isBelow = (prefix: Uint8Array, key: Buffer): boolean =>
  prefix.length === 0 || (key.length >= prefix.length && key.subarray(0, prefix.length).equals(prefix));

/** The keys of the few are read again, so that nothing of the many has to be kept. */
const named = (
  database: Database,
  { rows, others }: { rows: Revised[]; others: number },
): Inspection['mostRevised'] => ({
  others,
  rows: rows.map(row => ({ ...row, key: keyOf(database, row) })),
});

const keyOf = (database: Database, { main, sub }: Revised): Uint8Array => {
  for (const record of records(database, { from: main }))
    if (record.sub === sub) return Uint8Array.from(record.key);
  throw new Error(`revision ${main} is gone`);
};
