/** HashKV: the sum over all keys up to a revision, by which a restored copy is compared with the living cluster. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EtcdClient } from './client.ts';
import { hashKVMethod } from './messages.ts';
import { toNumber, toNumberOrNull } from './numbers.ts';
import { type Refusal, refusalOf } from './refusal.ts';

export type HashKV = {
  refused: null;
  hash: number;
  /** A hash holds only for its compact revision; -1 when nothing was ever compacted. */
  compactRevision: number;
  /** The revision that was hashed, as the server says it; null before 3.6. */
  hashRevision: number | null;
};

/** Why there is no hash, where that is no failure of etcd. */
export type NoHashKV = { refused: 'compacted' | 'future' | 'learner'; reason: string };

const reasons = {
  compacted: 'that revision has been compacted',
  future: 'the member has not applied that revision yet',
  learner: 'a learner computes no hashes',
};

/**
 * Asks one member for the hash at an explicit revision. Returns `refused` when the revision is compacted, when the
 * member does not get there within two seconds, and when it is a learner. Throws `etcd` (with authentication it
 * needs the root role), or the signal's reason.
 *
 * It reads the whole keyspace and blocks writes on that member meanwhile, so how long it takes depends on the size:
 * the only limits are the signal and that the connection lives.
 */
export const hashKV = async (
  client: EtcdClient,
  revision: number,
  { signal }: { signal: AbortSignal },
): Promise<HashKV | NoHashKV> => {
  const request = { revision: String(revision) };
  const until = Date.now() + 2000;
  for (;;) {
    try {
      const operation = `compute the hash of the keys at revision ${revision}`;
      const answer = await client.unary(hashKVMethod, request, { operation, signal, limit: null });
      return {
        refused: null,
        hash: answer.hash,
        compactRevision: toNumber(answer.compact_revision, 'compact_revision'),
        hashRevision: toNumberOrNull(answer.hash_revision, 'hash_revision'),
      };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const refusal = refusalOf(error);
      if (!isExpected(refusal)) throw error;
      // A follower is often some milliseconds behind the member that named the revision.
      if (refusal !== 'future' || Date.now() > until) return { refused: refusal, reason: reasons[refusal] };
      await sleep(50, undefined, { signal }).catch(() => {
        throw signal.reason;
      });
    }
  }
};

const isExpected = (refusal: Refusal): refusal is NoHashKV['refused'] => refusal in reasons;
