/** Transactions that compare what was seen, on real servers. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { mayHaveWritten, type Write, writeGuarded } from '../src/etcd/guarded-write.ts';
import { countRange, maxOperations, readLiving } from '../src/etcd/living.ts';
import { secret } from '../src/secret.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { need, testedMinors } from './support/programs.ts';
import { rejection } from './support/rejection.ts';

const { signal } = new AbortController();
const auth = { root: secret('the password of root'), bob: secret('the password of bob') };

describe.each(testedMinors)('guarded writes to etcd %s', async minor => {
  const programs = await need(minor);

  describe.skipIf(!programs)('', () => {
    let cluster: EtcdCluster;
    let client: EtcdClient;
    beforeAll(async () => {
      cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true, auth });
      client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    });
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    const write = (key: string | Buffer, value: string | Buffer, more: Partial<Write> = {}): Write => ({
      key: Buffer.from(key),
      value: Buffer.from(value),
      seen: 0,
      keepLease: false,
      ...more,
    });
    const put = (key: string, value: string, lease = '0') =>
      client.etcd3(
        (etcd3, options) =>
          etcd3.kv.put({ key: Buffer.from(key), value: Buffer.from(value), lease }, options),
        { operation: 'put', signal },
      );
    const read = async (...keys: (string | Buffer)[]) =>
      readLiving(
        client,
        keys.map(key => Buffer.from(key)),
        { signal },
      );
    const grant = () =>
      client.etcd3((etcd3, options) => etcd3.lease(3600, { ...options, autoKeepAlive: false }).grant(), {
        operation: 'grant a lease',
        signal,
      });

    test('make what is not there and replace what is as it was seen, and are one revision', async () => {
      await put('a/there', 'old');
      const [there] = await read('a/there');
      const outcome = await writeGuarded(
        client,
        [write('a/new', 'one'), write('a/there', 'two', { seen: there?.modRevision ?? -1 })],
        { signal },
      );
      expect(outcome).toBe('written');
      const [fresh, replaced, none] = await read('a/new', 'a/there', 'a/nowhere');
      expect(fresh?.value.toString()).toBe('one');
      expect(replaced?.value.toString()).toBe('two');
      expect(none).toBeNull();
      expect(fresh?.modRevision).toBe(replaced?.modRevision);
      expect(await countRange(client, { key: Buffer.from('a/'), end: Buffer.from('a0') }, { signal })).toBe(
        2,
      );
    });

    test('write nothing where one key was made, changed or removed since, and say which', async () => {
      await put('b/changed', 'old');
      await put('b/removed', 'old');
      await put('b/as seen', 'old');
      const [changed, removed, same] = await read('b/changed', 'b/removed', 'b/as seen');
      await put('b/changed', 'newer');
      await put('b/made', 'newer');
      await client.etcd3(
        (etcd3, options) => etcd3.kv.deleteRange({ key: Buffer.from('b/removed') }, options),
        { operation: 'remove', signal },
      );
      const writes = [
        write('b/new', 'x'),
        write('b/made', 'x'),
        write('b/changed', 'x', { seen: changed?.modRevision ?? -1 }),
        write('b/removed', 'x', { seen: removed?.modRevision ?? -1 }),
        write('b/as seen', 'x', { seen: same?.modRevision ?? -1 }),
      ];
      expect(await writeGuarded(client, writes, { signal })).toEqual({
        changed: new Set(writes.slice(1, 4)),
      });
      const now = await read('b/new', 'b/made', 'b/changed', 'b/removed', 'b/as seen');
      expect(now.map(one => one?.value.toString() ?? null)).toEqual([null, 'newer', 'newer', null, 'old']);
    });

    test('leave a key on its lease, or take it off', async () => {
      const lease = await grant();
      await put('l/stays', 'old', lease);
      await put('l/comes off', 'old', lease);
      const [stays, off] = await read('l/stays', 'l/comes off');
      expect([stays?.leased, off?.leased]).toEqual([true, true]);
      await writeGuarded(
        client,
        [
          write('l/stays', 'x', { seen: stays?.modRevision ?? -1, keepLease: true }),
          write('l/comes off', 'x', { seen: off?.modRevision ?? -1 }),
        ],
        { signal },
      );
      const now = await read('l/stays', 'l/comes off');
      expect(now.map(one => [one?.value.toString(), one?.leased])).toEqual([
        ['x', true],
        ['x', false],
      ]);
    });

    test('take as many keys as etcd allows, of any bytes, and one value of 1.4 MB', async () => {
      const many = Array.from({ length: maxOperations }, (_, index) =>
        write(Buffer.concat([Buffer.from('m/'), Buffer.from([index, 0, 0xff])]), randomBytes(100)),
      );
      expect(await writeGuarded(client, many, { signal })).toBe('written');
      const large = write('large', randomBytes(1_400_000));
      expect(await writeGuarded(client, [large], { signal })).toBe('written');
      const now = await readLiving(
        client,
        many.map(({ key }) => key),
        { signal },
      );
      expect(now.map(one => one?.value)).toEqual(many.map(({ value }) => value));
      expect((await read('large'))[0]?.value.equals(large.value)).toBe(true);
    });

    test('what is more than a request may hold is said, on the way there and on the way back', async () => {
      const huge = (index: number) => write(`huge/${index}`, randomBytes(1_200_000));
      const keys = [0, 1, 2, 3, 4].map(huge);
      expect(await writeGuarded(client, keys, { signal })).toBe('too-large');
      const operations = Array.from({ length: maxOperations + 1 }, (_, index) => write(`ops/${index}`, 'x'));
      expect(await writeGuarded(client, operations, { signal })).toBe('too-large');
      expect(await writeGuarded(client, [write('beyond', randomBytes(1_600_000))], { signal })).toBe(
        'too-large',
      );
      expect(await writeGuarded(client, [write('far beyond', randomBytes(5_000_000))], { signal })).toBe(
        'too-large',
      );
      for (const one of keys) expect(await writeGuarded(client, [one], { signal })).toBe('written');
      // Six megabytes are more than gRPC takes in one answer.
      const found = await readLiving(
        client,
        keys.map(({ key }) => key),
        { signal },
      );
      expect(found.map((one, index) => one?.value.equals(keys[index]?.value ?? Buffer.alloc(0)))).toEqual(
        keys.map(() => true),
      );
    });

    test('who may not write is refused, and nothing was written for certain', async () => {
      await client.etcd3(
        async ({ auth: rights }, options) => {
          await rights.userRevokeRole({ name: 'bob', role: 'keys' }, options);
        },
        { operation: 'revoke', signal },
      );
      const settings = cluster.settings({ user: 'bob', password: auth.bob });
      await using bob = await openClient(settings, cluster.endpoints[0] ?? '', { signal });
      const error = await rejection(writeGuarded(bob, [write('of bob', 'x')], { signal }));
      expect(error).toMatchObject({ code: 'etcd', reason: expect.stringContaining('permission denied') });
      expect(mayHaveWritten(error)).toBe(false);
      expect(await read('of bob')).toEqual([null]);
    });
  });
});
