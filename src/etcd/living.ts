/** What a living etcd holds under given keys, now. */
import type { EtcdClient } from './client.ts';
import { toNumber } from './numbers.ts';
import { refusalOf } from './refusal.ts';

export type Living = {
  /** The revision of its last change: whoever writes later compares it, and finds any change in between. */
  modRevision: number;
  value: Buffer;
  /** True where it goes when a lease ends. */
  leased: boolean;
};

/** etcd's `--max-txn-ops` where nobody changed it: how many keys one transaction may hold. */
export const maxOperations = 128;

/**
 * Reads `keys` (at most `maxOperations`, none twice) in one transaction through the quorum, in their order; null for
 * one that is not there. In several transactions where the answer is too large for one, or that etcd allows fewer
 * operations. Throws `etcd`, or the signal's reason.
 */
export const readLiving = async (
  client: EtcdClient,
  keys: Buffer[],
  { signal }: { signal: AbortSignal },
): Promise<(Living | null)[]> => {
  if (keys.length === 0) return [];
  try {
    return await readAtOnce(client, keys, signal);
  } catch (error) {
    if (signal.aborted || keys.length === 1 || refusalOf(error) !== 'too-large') throw error;
    const half = Math.ceil(keys.length / 2);
    const first = await readLiving(client, keys.slice(0, half), { signal });
    return [...first, ...(await readLiving(client, keys.slice(half), { signal }))];
  }
};

/**
 * How many keys there are from `key` up to but without `end`, through the quorum; all with that prefix where `end` is
 * the prefix's end. Throws `etcd`, or the signal's reason.
 */
export const countRange = async (
  client: EtcdClient,
  { key, end }: { key: Buffer; end: Buffer },
  { signal }: { signal: AbortSignal },
): Promise<number> => {
  const answer = await client.etcd3(
    (etcd3, options) => etcd3.kv.range({ key, range_end: end, count_only: true }, options),
    { operation: 'count the keys of the cluster', signal },
  );
  return toNumber(answer.count, 'count');
};

const readAtOnce = async (
  client: EtcdClient,
  keys: Buffer[],
  signal: AbortSignal,
): Promise<(Living | null)[]> => {
  const success = keys.map(key => ({ request_range: { key } }));
  const answer = await client.etcd3(
    (etcd3, options) => etcd3.kv.txn({ compare: [], success, failure: [] }, options),
    { operation: 'read the keys of the cluster', signal },
  );
  return answer.responses.map(({ response_range }) => {
    const [found] = response_range.kvs;
    if (!found) return null;
    return {
      modRevision: toNumber(found.mod_revision, 'mod_revision'),
      value: found.value,
      leased: found.lease !== '0',
    };
  });
};
