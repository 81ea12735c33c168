/** etcd's 64-bit counters and sizes as numbers: refused above 2^53, where they would silently become others. */
import { SnapbackError } from '../errors.ts';

/** `text` is decimal; throws `etcd` when it does not fit. */
export const toNumber = (text: string, field: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new SnapbackError('etcd', {
    operation: 'read the answer of etcd',
    object: `field ${field}`,
    reason: `is ${text}, which is too large to be kept exactly`,
    hint: 'Such a value is not made by a healthy etcd: look at the member with etcdctl.',
  });
};

/** The same for what an older version leaves out, which arrives as 0. */
export const toNumberOrNull = (text: string, field: string): number | null =>
  text === '0' || text === '' ? null : toNumber(text, field);
