/** What is in a database of etcd: what etcd keeps of itself, and what the keys come to. No value leaves it. */
import { readAlarms, type StoredAlarm } from './alarms.ts';
import type { Asked } from './answering.ts';
import { checkAsSnapshot } from './as-snapshot.ts';
import { readAuth, type StoredAuth } from './auth.ts';
import { readCluster, type StoredCluster } from './cluster.ts';
import { openDatabase } from './database.ts';
import { type KeySums, type KeySumsWanted, readKeySums } from './key-sums.ts';
import { type Layout, layoutOf } from './layout.ts';
import { readLeases, type StoredLease } from './leases.ts';
import { readMembers, readRemovedMembers, type StoredMember } from './members.ts';
import { type MetaBucket, readMetaBucket } from './meta-bucket.ts';
import { progressTwice, type ReadProgress } from './progress-twice.ts';
import type { Listed } from './small-bucket.ts';

export type Inspection = {
  meta: MetaBucket;
  /** The newest that any record or compaction has; 1 where nobody ever wrote. */
  revision: number;
  cluster: StoredCluster;
  members: Listed<StoredMember>;
  removedMembers: Listed<{ id: string }>;
  leases: Listed<StoredLease & { keys: number }>;
  alarms: Listed<StoredAlarm>;
  auth: StoredAuth;
  layout: Layout;
  keys: Pick<KeySums, 'totals' | 'selected' | 'folders' | 'largest' | 'mostRevised' | 'leasedKeys'>;
};

export type InspectionOrder = Omit<KeySumsWanted, 'leases'> & { path: string };

/**
 * Reads all of it, and all records twice. Throws `integrity` for whatever bbolt and etcd do not write, `failed` for a disk
 * that cannot be read, or is full.
 */
export const inspect = (
  { path, ...wanted }: InspectionOrder,
  { name, emit }: Asked<ReadProgress>,
): Inspection => {
  using database = openDatabase(path, name);
  const meta = readMetaBucket({ path }, { name });
  const own = {
    meta,
    cluster: readCluster(database),
    members: readMembers(database),
    removedMembers: readRemovedMembers(database),
    alarms: readAlarms(database),
    auth: readAuth(database),
  };
  const leases = readLeases(database);
  const progress = progressTwice(database.file.size, emit);
  const ids = leases.rows.map(({ id }) => id);
  const { structure, keyPages, lastRevision, leased, ...keys } = readKeySums(
    database,
    { ...wanted, leases: ids },
    progress,
  );
  checkAsSnapshot(database, structure);
  const { scheduledCompactRevision, finishedCompactRevision } = meta;
  return {
    ...own,
    revision: Math.max(lastRevision, scheduledCompactRevision ?? 0, finishedCompactRevision ?? 0),
    leases: { ...leases, rows: leases.rows.map(one => ({ ...one, keys: leased.get(one.id) ?? 0 })) },
    layout: layoutOf(structure, keyPages),
    keys,
  };
};
