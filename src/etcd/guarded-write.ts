/** Writes that cannot overwrite what somebody else wrote meanwhile. */
import type { EtcdClient } from './client.ts';
import { toNumber } from './numbers.ts';
import { refusalOf } from './refusal.ts';

export type Write = {
  key: Buffer;
  value: Buffer;
  /** The key's mod revision when the write was decided on; 0 where there was no such key. */
  seen: number;
  /** The key stays with the lease that it hangs on, which only one that is there can; else it is written without one. */
  keepLease: boolean;
};

/** Bytes that the writes of one transaction may count: well below etcd's `--max-request-bytes`, which is 1.5 MiB. */
export const maxBytes = 1024 * 1024;

/** What a write counts: its key goes into the comparison, the put, and what is read where that fails. */
export const bytesOf = ({ key, value }: { key: Uint8Array; value: Uint8Array }): number =>
  3 * key.length + value.length + 64;

/**
 * Writes all of `writes` (at most `maxOperations`, no key twice) in one transaction, which compares every key with
 * what was seen of it, or nothing. `changed` are those that somebody made, changed or removed since: etcd itself says
 * which, in the same transaction. `too-large` is more than this etcd takes in one request.
 *
 * Throws `etcd`, or the signal's reason; `mayHaveWritten` tells whether it then can have happened all the same.
 */
export const writeGuarded = async <W extends Write>(
  client: EtcdClient,
  writes: W[],
  { signal }: { signal: AbortSignal },
): Promise<'written' | 'too-large' | { changed: Set<W> }> => {
  const request = {
    compare: writes.map(({ key, seen }) => ({
      key,
      target: 'Mod' as const,
      result: 'Equal' as const,
      mod_revision: seen,
    })),
    success: writes.map(({ key, value, keepLease }) => ({
      request_put: { key, value, ignore_lease: keepLease },
    })),
    failure: writes.map(({ key }) => ({ request_range: { key, keys_only: true } })),
  };
  try {
    const answer = await client.etcd3((etcd3, options) => etcd3.kv.txn(request, options), {
      operation: 'write keys',
      signal,
    });
    if (answer.succeeded) return 'written';
    const now = answer.responses.map(({ response_range }) =>
      toNumber(response_range.kvs[0]?.mod_revision ?? '0', 'mod_revision'),
    );
    return { changed: new Set(writes.filter(({ seen }, index) => seen !== now[index])) };
  } catch (error) {
    if (!signal.aborted && refusalOf(error) === 'too-large') return 'too-large';
    throw error;
  }
};

/** False where etcd refused before it did anything. */
export const mayHaveWritten = (error: unknown): boolean =>
  !['denied', 'anonymous', 'login', 'token', 'no-space', 'busy', 'corrupt', 'learner'].includes(
    refusalOf(error),
  );
