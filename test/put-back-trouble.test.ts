/** put-back where etcd takes less than usual, falls silent, is full, or the snapshot is a file of another tool. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { countRange, readLiving } from '../src/etcd/living.ts';
import { prefixRange } from '../src/key-range.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { etcdctl, need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const programs = await need('3.6');

const setUp = async (args: string[] = []) => {
  await using started = new AsyncDisposableStack();
  const folder = started.use(await temporaryFolder());
  const cluster = started.use(await startEtcd({ etcd: programs?.etcd ?? '', args }));
  const client = started.use(await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal }));
  const run = (words: string[], options: Parameters<typeof snapback>[1] = {}) =>
    snapback([...words, '--store', join(folder.path, 'store'), ...connection(cluster.settings())], options);
  const call = <T>(ask: Parameters<typeof client.etcd3<T>>[0]) =>
    client.etcd3(ask, { operation: 'test', signal });
  const all = started.move();
  return {
    folder: folder.path,
    cluster,
    run,
    put: (key: string, value: Buffer) =>
      call(({ kv }, options) => kv.put({ key: Buffer.from(key), value }, options)),
    clear: () =>
      call(({ kv }, options) =>
        kv.deleteRange({ key: Buffer.from([0]), range_end: Buffer.from([0]) }, options),
      ),
    value: async (key: string) =>
      (await readLiving(client, [Buffer.from(key)], { signal }))[0]?.value ?? null,
    counted: (prefix: string) => countRange(client, prefixRange(Buffer.from(prefix)), { signal }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
};

test.skipIf(!programs)(
  'an etcd with small limits gets smaller transactions, and what fits into none is said',
  async () => {
    await using etcd = await setUp(['--max-txn-ops=10', '--max-request-bytes=20000']);
    const values = Array.from({ length: 60 }, () => randomBytes(3_000));
    for (const [index, value] of values.entries()) await etcd.put(`key/${index}`, value);
    const long = `key/${'x'.repeat(9_000)}`;
    // With its key three times in one request it is more than went in with one.
    await etcd.put(long, randomBytes(10_000));
    expect((await etcd.run(['save'])).code).toBe(0);
    await etcd.clear();
    const ran = await etcd.run(['put-back', 'latest', '--prefix', 'key/', '--json']);
    expect(ran.code).toBe(1);
    const { result, error } = JSON.parse(ran.stdout);
    expect(result.done).toMatchObject({
      created: { keys: 60 },
      tooLarge: { keys: 1, sample: [{ key: long }] },
      inDoubt: { keys: 0 },
    });
    expect(error.cause).toContain('did not fit into a request of this etcd');
    for (const [index, value] of values.entries())
      expect((await etcd.value(`key/${index}`))?.equals(value)).toBe(true);
    expect(await etcd.counted('key/')).toBe(60);
  },
);

test.skipIf(!programs)(
  'an etcd that falls silent in the middle: what is known is told, and what is not',
  async () => {
    await using etcd = await setUp();
    await fill(etcd.cluster.settings(), { count: 2_000, size: 5_000 });
    expect((await etcd.run(['save'])).code).toBe(0);
    await etcd.clear();
    const ended = etcd.run(['put-back', 'latest', '--prefix', 'key-', '--idle-timeout', '2s']);
    const [member] = etcd.cluster.members;
    while ((await etcd.counted('key-')) === 0) await sleep(1);
    await member?.signal('SIGSTOP');
    const ran = await ended.finally(() => member?.signal('SIGCONT'));
    expect(ran.code).toBe(30);
    expect(ran.stdout).toMatch(/^STOPPED after [\d,]+ of 2,000 keys: etcd .* did not answer within 2 s/m);
    expect(ran.stdout).toMatch(/Of \d+ keys more it is not known/);
    expect(ran.stdout).toMatch(/Run the same command again/);
    const again = await etcd.run(['put-back', 'latest', '--prefix', 'key-']);
    expect(again.code).toBe(0);
    expect(await etcd.counted('key-')).toBe(2_000);
  },
);

test.skipIf(!programs)(
  'an etcd without space takes nothing, and says so before anything is in doubt',
  async () => {
    await using etcd = await setUp(['--quota-backend-bytes=16777216']);
    await fill(etcd.cluster.settings(), { count: 50, size: 100_000 });
    expect((await etcd.run(['save'])).code).toBe(0);
    await etcd.clear();
    // Again and again: etcd sees its size grow only when it commits, ten times a second.
    const full = async () => {
      for (;;) await fill(etcd.cluster.settings(), { count: 100, size: 100_000, prefix: 'full-' });
    };
    await expect(full()).rejects.toThrow();
    const ran = await etcd.run(['put-back', 'latest', '--prefix', 'key-']);
    expect(ran.code).toBe(30);
    expect(ran.stdout).toContain('STOPPED after 0 of 50 keys');
    expect(ran.stdout).toContain('its space quota is used up');
    expect(ran.stdout).not.toContain('DOUBT');
    expect(await etcd.counted('key-')).toBe(0);
  },
);

test.skipIf(!programs)('a file that etcdctl made will do', async () => {
  await using etcd = await setUp();
  await etcd.put('app/a', Buffer.from('one'));
  const file = join(etcd.folder, 'made-by.etcdctl.db');
  await etcdctl(programs as NonNullable<typeof programs>, endpointOf(etcd.cluster), [
    'snapshot',
    'save',
    file,
  ]);
  await etcd.clear();
  const ran = await etcd.run(['put-back', file, 'app/a', '--json']);
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.stdout).result).toMatchObject({ snapshot: file, sameCluster: null, taken: null });
  expect((await etcd.value('app/a'))?.toString()).toBe('one');
});

const endpointOf = (cluster: EtcdCluster): string => cluster.endpoints[0] ?? '';
