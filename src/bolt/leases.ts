/** The leases that were granted and have not ended (etcd: server/storage/schema/lease.go; lease/leasepb/lease.proto). */
import { fieldsOf, numberIn } from '../wire.ts';
import type { Database } from './database.ts';
import { type Listed, readSmallBucket } from './small-bucket.ts';

export type StoredLease = {
  /** Decimal; etcdctl prints it in hexadecimal digits. */
  id: string;
  /** Seconds that it was granted for. */
  ttl: number;
  /**
   * Seconds that were left at the last checkpoint; null where there was none, as without the experimental
   * checkpoints of etcd: then a restored lease begins anew with all of its time.
   */
  remaining: number | null;
};

/** Throws `integrity`. */
export const readLeases = (database: Database): Listed<StoredLease> =>
  readSmallBucket(database, 'lease', (key, value) => {
    if (key.length !== 8) return `a key of ${key.length} bytes is not the id of a lease`;
    const id = String(key.readBigInt64BE(0));
    const fields = fieldsOf(value);
    if (fields === null) return `lease ${id} is not as etcd writes it`;
    const [own, ttl, remaining] = [numberIn(fields, 1), numberIn(fields, 2), numberIn(fields, 3)];
    if (String(BigInt.asIntN(64, own)) !== id) return `lease ${id} says that it is another`;
    if (ttl > secondsLimit || remaining > secondsLimit) return `lease ${id} has a time that no lease has`;
    return { id, ttl: Number(ttl), remaining: remaining === 0n ? null : Number(remaining) };
  });

// etcd: server/lease/lessor.go, MaxLeaseTTL.
const secondsLimit = 9_000_000_000n;
