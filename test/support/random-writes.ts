/** Whatever may be written to an etcd, in any order: from it comes a database of every shape. */
import type { IRequestOp } from 'etcd3/lib/rpc.js';
import type { EtcdClient } from '../../src/etcd/client.ts';
import { memberStatus } from '../../src/etcd/status.ts';
import type { Random } from './random.ts';

const { signal } = new AbortController();
const requestLimit = 1_000_000;

/**
 * `count` requests, one after the other, the first half of which have compactions among them. `compacted` is the
 * revision that was compacted to before; returns the one that was last.
 */
export const writeAtRandom = async (
  client: EtcdClient,
  random: Random,
  { count, compacted: before }: { count: number; compacted: number },
): Promise<number> => {
  const { revision } = await memberStatus(client, { signal });
  let [newest, compacted] = [revision, before];
  const lease = await client.etcd3(
    async ({ leaseClient }, options) => (await leaseClient.leaseGrant({ TTL: 3600, ID: '0' }, options)).ID,
    { operation: 'grant a lease', signal },
  );
  const compact = async () => {
    if (newest === compacted) return;
    const to = compacted + 1 + random(newest - compacted);
    await client.etcd3(({ kv }, options) => kv.compact({ revision: to, physical: true }, options), {
      operation: 'compact',
      signal,
    });
    compacted = to;
  };
  for (let done = 0; done < count; done++) {
    if (done < count / 2 && random(100) === 0) await compact();
    else newest = (await transact(client, operations(random, lease))) ?? newest;
  }
  return compacted;
};

/** One to a hundred of them; a transaction takes no key twice, and no key that it deletes. */
const operations = (random: Random, lease: string): IRequestOp[] => {
  const seen = new Set<string>();
  const all: IRequestOp[] = [];
  let room = requestLimit;
  for (let left = 1 + random(random(8) === 0 ? 100 : 4); left > 0; left--) {
    const key = someKey(random);
    if (seen.has(key.toString('hex'))) continue;
    seen.add(key.toString('hex'));
    const value = someValue(random);
    room -= value.length + key.length;
    if (random(4) === 0) all.push({ request_delete_range: { key } });
    else if (room > 0) all.push({ request_put: { key, value, ...(random(6) === 0 ? { lease } : {}) } });
  }
  if (random(12) > 0) return all;
  // All keys between two, by themselves.
  const [key, range_end] = [someKey(random), someKey(random)].toSorted(Buffer.compare);
  return [{ request_delete_range: { key, range_end } }];
};

/** Of a few hundred: of one byte, of many, of bytes that are no text, and some that are the beginning of others. */
const someKey = (random: Random): Buffer => {
  const number = random(60);
  if (random(3) === 0) return Buffer.from([number * 4]);
  if (random(2) === 0) return Buffer.from(`/registry/${'long/'.repeat(number)}${random(4)}`);
  return Buffer.from([0, 255, number, ...Buffer.alloc(random(4))]);
};

/** Mostly small, sometimes of several pages, sometimes nearly as large as etcd takes it. */
const someValue = (random: Random): Buffer => {
  const size = random(300) === 0 ? random(requestLimit) : random(20) === 0 ? random(20_000) : random(600);
  const value = Buffer.alloc(size, 'value of some length ');
  for (let at = random(50); at < size; at += 50) value[at] = random(256);
  return value;
};

const transact = async (client: EtcdClient, success: IRequestOp[]): Promise<number | null> => {
  const { header } = await client.etcd3(
    ({ kv }, options) => kv.txn({ compare: [], success, failure: [] }, options),
    { operation: 'write at random', signal },
  );
  return header ? Number(header.revision) : null;
};
