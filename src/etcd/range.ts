/** All keys of a living etcd as they are at one revision, some at a time. */
import type { EtcdClient } from './client.ts';
import { toNumber } from './numbers.ts';
import { refusalOf } from './refusal.ts';

export type RangePage = {
  /** At which all pages are read. */
  revision: number;
  /** In the order of the keys. */
  keys: { key: Buffer; value: Buffer; modRevision: number /** 0 without one. */; lease: bigint }[];
};

// etcd counts all the rest of the range for each answer, so that few large ones are cheaper.
const most = 10_000;
const first = 500;

/**
 * Iterates the keys that begin with `prefix` (an empty one is all) in pages, through the quorum, as of the revision that
 * the first page is answered at. A page has as many keys as fit into an answer. Throws `etcd`, also where that revision
 * is compacted meanwhile, or the signal's reason.
 */
export async function* rangePages(
  client: EtcdClient,
  prefix: Buffer,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<RangePage, void, void> {
  const operation = 'read the keys of the cluster';
  let key = prefix.length > 0 ? prefix : Buffer.from([0]);
  let [limit, revision] = [first, 0];
  for (;;) {
    const request = { key, range_end: endOf(prefix), limit, revision };
    const answer = await client
      .etcd3((etcd3, options) => etcd3.kv.range(request, options), { operation, signal })
      .catch(error => {
        if (signal.aborted || limit === 1 || refusalOf(error) !== 'too-large') throw error;
        return null;
      });
    if (answer === null) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    revision ||= toNumber(answer.header.revision, 'revision');
    yield {
      revision,
      keys: answer.kvs.map(({ key: name, value, mod_revision, lease }) => ({
        key: name,
        value,
        modRevision: toNumber(mod_revision, 'mod_revision'),
        lease: BigInt(lease),
      })),
    };
    const last = answer.kvs.at(-1);
    if (!answer.more || !last) return;
    key = Buffer.concat([last.key, Buffer.from([0])]);
    limit = Math.min(most, limit * 2);
  }
}

/** The first key behind all that begin with `prefix`; a null, which stands for no end, where there is none. */
const endOf = (prefix: Buffer): Buffer => {
  const last = prefix.findLastIndex(byte => byte < 0xff);
  if (last < 0) return Buffer.from([0]);
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end[last] = (end[last] ?? 0) + 1;
  return end;
};
