/** What holds for a snapshot and for no other database: bbolt writes it in one go (bbolt: tx.go, WriteTo). */
import { SnapbackError } from '../errors.ts';
import type { Database } from './database.ts';
import type { Structure } from './structure.ts';

/**
 * Throws `integrity` where a file with etcd's trailer has anything but that behind its last page, or a meta page that is
 * not whole. One without it was copied out of a data directory, where both may be.
 */
export const checkAsSnapshot = (
  { file }: Database,
  { bytesBehind, otherMeta }: Pick<Structure, 'bytesBehind' | 'otherMeta'>,
): void => {
  if (file.size % blockSize === 0) return;
  const wrong = (reason: string) =>
    new SnapbackError('integrity', {
      operation: 'read the database',
      object: file.name,
      reason,
      hint: 'Use another copy of it, or another snapshot.',
    });
  if (bytesBehind !== trailerSize)
    throw wrong(
      `has ${bytesBehind} bytes behind its last page, and a snapshot has the ${trailerSize} of etcd's SHA-256`,
    );
  if (otherMeta !== null) throw wrong(`is damaged: ${otherMeta}`);
};

// A database is a multiple of it (etcd: etcdutl/snapshot, hasChecksum).
const blockSize = 512;
const trailerSize = 32;
