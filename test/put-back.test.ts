/** Keys of a snapshot put back into a living etcd, as a user does it; what etcd then really holds is asked of etcd. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { countRange, readLiving } from '../src/etcd/living.ts';
import { prefixRange } from '../src/key-range.ts';
import { secret } from '../src/secret.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { need, testedMinors } from './support/programs.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const passwords = { root: 'the password of root', bob: 'the password of bob' };
const auth = { root: secret(passwords.root), bob: secret(passwords.bob) };

describe.each(testedMinors)('put-back into etcd %s', async minor => {
  const programs = await need(minor);

  describe.skipIf(!programs)('', () => {
    let cluster: EtcdCluster;
    let client: EtcdClient;
    let folder: TemporaryFolder;
    let store: string;
    beforeAll(async () => {
      folder = await temporaryFolder();
      cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true, auth });
      client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    });
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      store = join(folder.path, randomBytes(4).toString('hex'));
      await remove('');
    });

    const as = (user: keyof typeof passwords) => ({
      SNAPBACK_USER: user,
      SNAPBACK_PASSWORD: passwords[user],
    });
    const run = (args: string[], started?: Parameters<typeof snapback>[1]): Promise<Ran> =>
      snapback([...args, '--store', store, ...connection(cluster.settings())], {
        env: as('root'),
        ...started,
      });
    const save = async () => expect((await run(['save'])).code).toBe(0);
    const putBack = (...args: string[]) => run(['put-back', 'latest', ...args]);
    const call = <T>(ask: Parameters<typeof client.etcd3<T>>[0]) =>
      client.etcd3(ask, { operation: 'test', signal });
    const put = (key: string | Buffer, value: string | Buffer, lease = '0') =>
      call(({ kv }, options) => kv.put({ key: Buffer.from(key), value: Buffer.from(value), lease }, options));
    const remove = (prefix: string) => {
      const { key, end } = prefixRange(Buffer.from(prefix));
      return call(({ kv }, options) => kv.deleteRange({ key, range_end: end }, options));
    };
    const removeKey = (key: string) =>
      call(({ kv }, options) => kv.deleteRange({ key: Buffer.from(key) }, options));
    const grant = () =>
      call<string>((etcd3, options) => etcd3.lease(3600, { ...options, autoKeepAlive: false }).grant());
    const holds = async (...keys: (string | Buffer)[]) => {
      const found = await readLiving(
        client,
        keys.map(key => Buffer.from(key)),
        { signal },
      );
      return found.map(one => one?.value.toString() ?? null);
    };
    const counted = (prefix: string) => countRange(client, prefixRange(Buffer.from(prefix)), { signal });
    const revision = async () =>
      (await call(({ kv }, options) => kv.range({ key: Buffer.from('x') }, options))).header.revision;

    /** a is gone, b has changed, c is as it was; d is new. */
    const lived = async () => {
      await put('app/a', 'one');
      await put('app/b', 'two');
      await put('app/c', 'three');
      await put('other', 'of nobody');
      await save();
      await removeKey('app/a');
      await put('app/b', 'newer');
      await put('app/d', 'new');
      await put('other', 'changed');
    };

    test('a dry run tells the plan and writes nothing', async () => {
      await lived();
      const before = await revision();
      const ran = await putBack('--prefix', 'app/', '--dry-run');
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(/^create +1 +8 B +app\/a$/m);
      expect(ran.stdout).toMatch(/^exists, left +1 +8 B +app\/b$/m);
      expect(ran.stdout).toMatch(/^same +1 +10 B +app\/c$/m);
      expect(ran.stdout).toContain('1 key of the cluster that the snapshot has not: left alone');
      expect(ran.stdout).toContain('--overwrite replaces it');
      expect(ran.stdout).toMatch(
        /Would put back 1 key, and leave 1 that differs.* Nothing was written \(dry run\)\.\n$/,
      );
      const over = await putBack('--prefix', 'app/', '--dry-run', '--overwrite');
      expect(over.code).toBe(0);
      expect(over.stdout).toMatch(/^overwrite +1 +8 B +app\/b$/m);
      expect(await revision()).toBe(before);
    });

    test('without --overwrite it makes what is missing and leaves all else, and says that it did', async () => {
      await lived();
      const ran = await putBack('--prefix', 'app/');
      expect(ran.code).toBe(25);
      expect(ran.stdout).toMatch(/Put back 1 key; 1 of 3 keys differs still and was left as it is\.\n$/);
      expect(ran.stderr).toMatch(/Exit 25 \(there are differences\)\.\n$/);
      expect(await holds('app/a', 'app/b', 'app/c', 'app/d', 'other')).toEqual([
        'one',
        'newer',
        'three',
        'new',
        'changed',
      ]);
    });

    test('with --overwrite all is as in the snapshot, and once more writes nothing', async () => {
      await lived();
      const ran = await putBack('--prefix', 'app/', '--overwrite');
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(/Put back 2 keys: all 3 keys are in the cluster as in the snapshot\.\n$/);
      const now = ['one', 'two', 'three', 'new', 'changed'];
      expect(await holds('app/a', 'app/b', 'app/c', 'app/d', 'other')).toEqual(now);
      const before = await revision();
      const again = await putBack('--prefix', 'app/', '--overwrite');
      expect(again.code).toBe(0);
      expect(again.stdout).toMatch(
        /Nothing was written: all 3 keys are in the cluster as in the snapshot\.\n$/,
      );
      expect(await revision()).toBe(before);
    });

    test('single keys, and as they were at an earlier revision', async () => {
      await put('app/a', 'oldest');
      const oldest = await revision();
      await put('app/a', 'old');
      await put('app/b', 'old');
      await save();
      await remove('app/');
      expect((await putBack('app/a')).code).toBe(0);
      expect(await holds('app/a', 'app/b')).toEqual(['old', null]);
      const ran = await putBack('app/a', '--revision', `${oldest}`, '--overwrite');
      expect(ran.code).toBe(0);
      expect(await holds('app/a', 'app/b')).toEqual(['oldest', null]);
    });

    test('the document has all of it', async () => {
      await lived();
      const { code, stdout } = await putBack('--prefix', 'app/', '--prefix', 'app/a', '--json');
      expect(code).toBe(25);
      const none = { keys: 0, bytes: 0, sample: [] };
      const share = (bytes: number, key: string) => ({
        keys: 1,
        bytes,
        sample: [{ key, keyBase64: Buffer.from(key).toString('base64') }],
      });
      expect(JSON.parse(stdout)).toMatchObject({
        command: 'put-back',
        ok: false,
        exit: 25,
        error: { code: 'different' },
        result: {
          into: { version: programs?.version, endpoint: cluster.endpoints[0] },
          sameCluster: true,
          dryRun: false,
          plan: {
            create: share(8, 'app/a'),
            overwrite: none,
            same: share(10, 'app/c'),
            exists: share(8, 'app/b'),
            volatile: none,
          },
          onlyInCluster: 1,
          leased: 0,
          kubernetes: false,
          done: {
            created: share(8, 'app/a'),
            overwritten: none,
            changed: none,
            tooLarge: none,
            inDoubt: none,
          },
          stopped: null,
        },
      });
    });

    test('leases are not carried: said, and what is overwritten stays on its own', async () => {
      const lease = await grant();
      await put('app/created', 'old', lease);
      await put('app/overwritten', 'old', lease);
      await put('app/without', 'old');
      await save();
      await removeKey('app/created');
      await put('app/overwritten', 'new', await grant());
      await put('app/without', 'new', await grant());
      const ran = await putBack('--prefix', 'app/', '--overwrite');
      expect(ran.code).toBe(0);
      expect(ran.stdout).toContain('2 keys hung on a lease, which is not put back');
      const keys = ['app/created', 'app/overwritten', 'app/without'].map(key => Buffer.from(key));
      const now = await readLiving(client, keys, { signal });
      expect(now.map(one => [one?.value.toString(), one?.leased])).toEqual([
        ['old', false],
        ['old', true],
        ['old', false],
      ]);
    });

    test('keys of any bytes, an empty value, and one of 1.4 MB', async () => {
      const odd = [
        Buffer.from([0x61, 0x00, 0xff]),
        Buffer.from([0x61, 0xff, 0xff]),
        Buffer.from('a \u{1f600}\n'),
      ];
      const large = randomBytes(1_400_000);
      for (const key of odd) await put(key, randomBytes(50));
      await put('a/empty', '');
      await put('a/large', large);
      const keys = [...odd, Buffer.from('a/empty'), Buffer.from('a/large')];
      const before = await readLiving(client, keys, { signal });
      await save();
      await remove('');
      const ran = await putBack('--prefix', 'a');
      expect(ran.code).toBe(0);
      expect(ran.stdout).toContain('a\\x00\\xff');
      expect(ran.stdout).not.toContain('\n\n');
      const now = await readLiving(client, keys, { signal });
      expect(now.map(one => one?.value)).toEqual(before.map(one => one?.value));
      expect(await counted('')).toBe(keys.length);
    });

    test('Kubernetes keys of volatile kinds are left, unless they are asked for', async () => {
      await put('/registry/secrets/shop/db', 'k8s\0');
      await put('/registry/configmaps/shop/limits', 'k8s:enc:aescbc:v1:key1:xxx');
      await put('/registry/leases/kube-system/kube-scheduler', 'k8s\0');
      await put('/registry/masterleases/10.0.0.1', 'k8s\0');
      await put('/registry/events/shop/db.1', 'k8s\0');
      await save();
      await remove('');
      const ran = await putBack('--prefix', '/registry/');
      expect(ran.code).toBe(25);
      expect(ran.stdout).toMatch(/^created +2 /m);
      expect(ran.stdout).toMatch(/^volatile, left +3 /m);
      expect(ran.stdout).toContain('1 of leases.coordination.k8s.io: a Lease says who is alive');
      expect(ran.stdout).toContain('1 key encrypted at rest');
      expect(ran.stdout).toContain('past validation, admission and audit');
      expect(await counted('/registry/')).toBe(2);
      expect((await putBack('--prefix', '/registry/', '--include-volatile')).code).toBe(0);
      expect(await counted('/registry/')).toBe(5);
    });

    test('a namespace that is gone is said, unless it comes back too', async () => {
      await put('/registry/namespaces/shop', 'k8s\0');
      await put('/registry/namespaces/web', 'k8s\0');
      await put('/registry/secrets/shop/db', 'k8s\0');
      await put('/registry/secrets/web/db', 'k8s\0');
      await save();
      await remove('/registry/secrets/');
      await removeKey('/registry/namespaces/shop');
      const ran = await putBack('--prefix', '/registry/secrets/', '--dry-run');
      expect(ran.stdout).toMatch(/^namespace shop is not in the cluster/m);
      expect(ran.stdout).not.toContain('web is not');
      const both = await putBack('--prefix', '/registry/', '--json');
      expect(JSON.parse(both.stdout).result.missingNamespaces).toEqual([]);
      expect(await counted('/registry/')).toBe(4);
    });

    test('objects as kubectl names them', async () => {
      await put('/registry/secrets/shop/db', 'k8s\0');
      await put('/registry/secrets/shop/dbx', 'k8s\0');
      await put('/registry/secrets/web/db', 'k8s\0');
      await save();
      await remove('');
      const db = ['--resource', 'secrets', '--namespace', 'shop', '--name', 'db'];
      expect((await putBack(...db)).code).toBe(0);
      expect(await counted('')).toBe(1);
      expect((await putBack('--resource', 'secrets', '--namespace', 'shop')).code).toBe(0);
      expect(await counted('/registry/secrets/shop/')).toBe(2);
      expect(await counted('')).toBe(2);
      const none = await putBack('--resource', 'secrets', '--namespace', 'shop', '--name', 'nodb');
      expect(none.code).toBe(22);
      expect(none.stderr).toContain('does not have the key /registry/secrets/shop/nodb');
      const alone = await putBack('--namespace', 'shop');
      expect(alone.code).toBe(2);
      expect(alone.stderr).toContain('--resource');
    });

    test('what is asked wrongly is said, before anything is written', async () => {
      await lived();
      const before = await revision();
      const nothing = await putBack();
      expect(nothing.code).toBe(2);
      expect(nothing.stderr).toContain('--prefix');
      const unknown = await putBack('--prefix', 'nowhere/');
      expect(unknown.code).toBe(22);
      expect(unknown.stderr).toContain('nowhere/');
      const missing = await putBack('app/a', 'app/z');
      expect(missing.code).toBe(22);
      expect(missing.stderr).toContain('app/z');
      const future = await putBack('app/a', '--revision', '999999');
      expect(future.code).toBe(22);
      expect(future.stderr).toContain('revision 999999');
      expect((await run(['put-back', 'abcdef', '--prefix', 'app/'])).code).toBe(22);
      expect(await revision()).toBe(before);
    });

    test('the rights to these keys are enough, and who lacks them is told so', async () => {
      await lived();
      const perm = { ...prefixRange(Buffer.from('app/')), permType: 'Readwrite' as const };
      await call(async ({ auth: rights }, options) => {
        await rights.userRevokeRole({ name: 'bob', role: 'keys' }, options);
        await rights.roleAdd({ name: 'app' }, options);
        const { key, end: range_end, permType } = perm;
        await rights.roleGrantPermission({ name: 'app', perm: { key, range_end, permType } }, options);
        await rights.userGrantRole({ user: 'bob', role: 'app' }, options);
      });
      const asBob = (prefix: string) =>
        run(['put-back', 'latest', '--prefix', prefix, '--overwrite'], { env: as('bob') });
      const refused = await asBob('o');
      expect(refused.code).toBe(30);
      expect(refused.stderr).toContain('user bob may not read and write all of these keys');
      expect(refused.stderr).toContain('etcdctl role grant-permission');
      expect(refused.stderr).not.toContain('root role');
      expect((await asBob('app/')).code).toBe(0);
      expect(await holds('app/a', 'app/b', 'other')).toEqual(['one', 'two', 'changed']);
    });

    describe('of 5,000 keys', () => {
      const keys = 5_000;
      const value = (index: number) => `${index}`.padEnd(2_000, 'x');
      const fillAll = async () => {
        for (let first = 0; first < keys; first += 125) {
          const success = Array.from({ length: 125 }, (_, index) => ({
            request_put: {
              key: Buffer.from(`many/${first + index}`),
              value: Buffer.from(value(first + index)),
            },
          }));
          await call(({ kv }, options) => kv.txn({ compare: [], success, failure: [] }, options));
        }
      };
      const all = async () => {
        const found = await call(({ kv }, options) =>
          kv.range({ key: Buffer.from('many/'), range_end: Buffer.from('many0'), keys_only: true }, options),
        );
        return found.kvs.length;
      };

      test('what others write meanwhile is never lost', async () => {
        await fillAll();
        await save();
        await remove('many/');
        const wrote = new Map<string, string>();
        let over = false;
        const writer = (async () => {
          for (let round = 0; !over; round += 1) {
            const key = `many/${(round * 7919) % keys}`;
            wrote.set(key, `of the writer ${round}`);
            await put(key, `of the writer ${round}`);
          }
        })();
        const ran = await putBack('--prefix', 'many/', '--json');
        over = true;
        await writer;
        const { plan, done } = JSON.parse(ran.stdout).result;
        expect(ran.code).toBe(25);
        expect(plan.create.keys + plan.exists.keys).toBe(keys);
        expect(done.created.keys + done.changed.keys).toBe(plan.create.keys);
        const names = [...wrote.keys()];
        for (let first = 0; first < names.length; first += 100) {
          const some = names.slice(first, first + 100);
          expect(await holds(...some)).toEqual(some.map(key => wrote.get(key)));
        }
        expect(await all()).toBe(keys);
      });

      /** Stops etcd as soon as something was written, then does what is asked. */
      const inTheMiddle = async (then: (kill: (signal: NodeJS.Signals) => void) => Promise<void>) => {
        await fillAll();
        await save();
        await remove('many/');
        let kill: (signal: NodeJS.Signals) => void = () => {};
        const ended = run(['put-back', 'latest', '--prefix', 'many/', '--json'], {
          started: (_, killer) => {
            kill = killer;
          },
        });
        const [member] = cluster.members;
        while ((await counted('many/')) === 0) await sleep(1);
        await member?.signal('SIGSTOP');
        try {
          await then(kill);
          // Once it is over: a stopped etcd answers neither.
          return await ended;
        } finally {
          await member?.signal('SIGCONT');
        }
      };
      const finishes = async () => {
        const ran = await putBack('--prefix', 'many/');
        expect(ran.code).toBe(0);
        expect(ran.stdout).toContain('all 5,000 keys are in the cluster as in the snapshot');
        expect(await all()).toBe(keys);
        expect(await holds('many/0', 'many/2500', 'many/4999')).toEqual([value(0), value(2500), value(4999)]);
      };

      test('a kill in the middle leaves whole keys, and the next run does the rest', async () => {
        const ran = await inTheMiddle(async kill => kill('SIGKILL'));
        expect(ran).toMatchObject({ code: null, stdout: '' });
        expect(await all()).toBeLessThan(keys);
        await finishes();
      });

      test('one that is told to stop says what was written for certain, and of what it does not know', async () => {
        const ran = await inTheMiddle(async kill => kill('SIGTERM'));
        expect(ran.code).toBe(143);
        const { done, stopped } = JSON.parse(ran.stdout).result;
        const there = await all();
        expect(there).toBeLessThan(keys);
        expect(there).toBeGreaterThanOrEqual(done.created.keys);
        expect(there).toBeLessThanOrEqual(done.created.keys + done.inDoubt.keys);
        expect(stopped).toBeTruthy();
        await finishes();
      });
    });
  });
});
