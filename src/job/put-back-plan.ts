/** What is to become of each key of a snapshot that is put back; pure. */
import type { Living } from '../etcd/living.ts';

/**
 * `create` and `overwrite` are written. `exists` has another value in the cluster and may not be overwritten;
 * `volatile` is of a kind that does harm when it is put back. `same` needs nothing.
 */
export type Action = 'create' | 'overwrite' | 'same' | 'exists' | 'volatile';

export type Rules = {
  overwrite: boolean;
  includeVolatile: boolean;
};

/** A value that is there already counts as the same whatever its lease or its revision is. */
export const actionFor = (
  entry: { value: Buffer; volatile: boolean },
  living: Pick<Living, 'value'> | null,
  { overwrite, includeVolatile }: Rules,
): Action => {
  if (living?.value.equals(entry.value)) return 'same';
  if (entry.volatile && !includeVolatile) return 'volatile';
  if (living === null) return 'create';
  return overwrite ? 'overwrite' : 'exists';
};
