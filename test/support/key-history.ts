/** Keys with a past: written, written again, deleted one by one and by range, and written anew. */
import type { IRequestOp } from 'etcd3/lib/rpc.js';
import type { EtcdClient } from '../../src/etcd/client.ts';
import type { Random } from './random.ts';

// Below etcd's limit of 128.
const perTransaction = 100;
const parallel = 4;

const { signal } = new AbortController();

/** Writes each of `count` keys once, most of them a hundred in a revision. */
export const createKeys = (client: EtcdClient, random: Random, count: number): Promise<void> =>
  transactions(client, Math.ceil(count / perTransaction), index => {
    const first = index * perTransaction;
    return Array.from({ length: Math.min(perTransaction, count - first) }, (_, at) =>
      put(keyOf(first + at), random),
    );
  });

/** `changes` puts and deletes of keys among the first `count`, as many in a revision as it comes. */
export const changeKeys = async (
  client: EtcdClient,
  random: Random,
  { count, changes }: { count: number; changes: number },
): Promise<void> => {
  await transactions(client, Math.ceil(changes / perTransaction), index => {
    // A transaction must not name a key twice.
    const chosen = new Set(Array.from({ length: index % 8 ? perTransaction : 1 }, () => random(count)));
    return [...chosen].map(number =>
      random(4) ? put(keyOf(number), random) : { request_delete_range: { key: keyOf(number) } },
    );
  });
  // Some dozen keys that follow each other, in one revision.
  const area = keyOf(random(count)).subarray(0, -2);
  await run(client, [{ request_delete_range: { key: area, range_end: Buffer.concat([area, end]) } }]);
};

const end = Buffer.from([0xff]);

/** Puts the first `count` keys again, each in a revision of its own. */
export const putSingly = (client: EtcdClient, random: Random, count: number): Promise<void> =>
  transactions(client, count, index => [put(keyOf(index), random)]);

/** Puts a value of `size` bytes at each of these keys. */
export const putLarge = async (
  client: EtcdClient,
  random: Random,
  { keys, size }: { keys: string[]; size: number },
): Promise<void> => {
  for (const key of keys)
    await run(client, [{ request_put: { key: Buffer.from(key), value: bytes(random, size) } }]);
};

const put = (key: Buffer, random: Random): IRequestOp => ({
  request_put: { key, value: bytes(random, random(400)) },
});

/** Keys of three kinds: short, long as those of Kubernetes, and of bytes that are no text. */
const keyOf = (number: number): Buffer => {
  const digits = String(number).padStart(6, '0');
  if (number % 3 === 0) return Buffer.from(`k${digits}`);
  if (number % 3 === 1)
    return Buffer.from(`/registry/example.com/widgets/team-${number % 7}/widget-${digits}`);
  return Buffer.concat([Buffer.from([0, 0xff, 0xc3]), Buffer.from(digits)]);
};

const bytes = (random: Random, size: number): Buffer => {
  const value = Buffer.alloc(size, 'value of some length, ');
  for (let at = 0; at < size; at += 40) value[at] = random(256);
  return value;
};

const transactions = async (
  client: EtcdClient,
  count: number,
  operations: (index: number) => IRequestOp[],
): Promise<void> => {
  let next = 0;
  const work = async () => {
    while (next < count) await run(client, operations(next++));
  };
  await Promise.all(Array.from({ length: parallel }, work));
};

const run = async (client: EtcdClient, success: IRequestOp[]): Promise<void> => {
  await client.etcd3((etcd3, options) => etcd3.kv.txn({ compare: [], success, failure: [] }, options), {
    operation: 'make history',
    signal,
  });
};
