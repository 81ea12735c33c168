/** Reads of keys, which say as much by whether they succeed as by what they find. */
import { messageOf } from '../errors.ts';
import type { EtcdClient } from './client.ts';
import { toNumber } from './numbers.ts';
import { refusalOf } from './refusal.ts';

// The first possible key, and as the end of a range: everything from there on (etcd: rpc.proto, RangeRequest).
const zero = Buffer.from([0]);

/**
 * The revision up to which every write that etcd acknowledged before the call is visible: a linearizable read, so
 * the member asked had a quorum confirm it. Without one it throws `etcd` with a reason that names the quorum
 * (`refusalOf` gives `quorum`), after some seven seconds of etcd's own or the idle timeout. Or the signal's reason.
 */
export const linearizedRevision = async (
  client: EtcdClient,
  { signal }: { signal: AbortSignal },
): Promise<number> => {
  const ask = () =>
    client.etcd3((etcd3, options) => etcd3.kv.range({ key: zero, count_only: true }, options), {
      operation: 'read the newest revision through the quorum',
      signal,
    });
  const answer = await ask().catch(error => {
    // Said when a new leader has just been found, to every read that waited for one (etcd: server/v3_server.go).
    if (signal.aborted || !/leader changed/.test(messageOf(error))) throw error;
    return ask();
  });
  return toNumber(answer.header.revision, 'revision');
};

/**
 * How many keys there are at `revision`, counted by the member itself from its index, without a quorum. Null when
 * that revision has been compacted. Throws `etcd`, or the signal's reason.
 */
export const countKeys = async (
  client: EtcdClient,
  revision: number,
  { signal }: { signal: AbortSignal },
): Promise<number | null> => {
  const request = { key: zero, range_end: zero, revision, count_only: true, serializable: true };
  try {
    const answer = await client.etcd3((etcd3, options) => etcd3.kv.range(request, options), {
      operation: `count the keys at revision ${revision}`,
      signal,
    });
    return toNumber(answer.count, 'count');
  } catch (error) {
    if (!signal.aborted && refusalOf(error) === 'compacted') return null;
    throw error;
  }
};

/**
 * Reads the first key, whatever it is, from the member itself (`serializable`) or through the quorum; null when there
 * is no key at all. Throws `etcd`, or the signal's reason.
 */
export const readAny = async (
  client: EtcdClient,
  { serializable, signal }: { serializable: boolean; signal: AbortSignal },
): Promise<{ key: Buffer | null; revision: number }> => {
  const request = { key: zero, range_end: zero, limit: 1, serializable };
  const answer = await client.etcd3((etcd3, options) => etcd3.kv.range(request, options), {
    operation: `read a key ${serializable ? 'from the member' : 'through the quorum'}`,
    signal,
  });
  return { key: answer.kvs[0]?.key ?? null, revision: toNumber(answer.header.revision, 'revision') };
};
