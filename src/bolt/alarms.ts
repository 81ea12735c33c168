/** The alarms that stand (etcd: server/storage/schema/alarm.go; api/etcdserverpb/rpc.proto, AlarmMember). */
import { fieldsOf, numberIn } from '../wire.ts';
import type { Database } from './database.ts';
import { type Listed, readSmallBucket } from './small-bucket.ts';

export type StoredAlarm = {
  /** Decimal. */
  memberId: string;
  /** `NOSPACE`, `CORRUPT`; the number of one that is new. */
  type: string;
};

/** Throws `integrity`. The message is the key, and there is no value. */
export const readAlarms = (database: Database): Listed<StoredAlarm> =>
  readSmallBucket(database, 'alarm', key => {
    const fields = fieldsOf(key);
    if (fields === null) return `an alarm of ${key.length} bytes is not as etcd writes it`;
    const type = String(numberIn(fields, 2));
    return { memberId: String(numberIn(fields, 1)), type: names[type] ?? type };
  });

const names: Record<string, string> = { 0: 'NONE', 1: 'NOSPACE', 2: 'CORRUPT' };
