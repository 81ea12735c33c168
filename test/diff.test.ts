/** `snapback diff` of real etcds, compared with a diff of what those etcds answer themselves. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { snapshotInto } from './support/database-file.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { changeKeys, createKeys, putLarge } from './support/key-history.ts';
import { type KeyOfEtcd, keysOfEtcd } from './support/keys-of-etcd.ts';
import { secretObject } from './support/kubernetes-protobuf.ts';
import { need, testedMinors } from './support/programs.ts';
import { seeded } from './support/random.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();

/** As `--keys` lists them: a mark and the key in base64. */
const diffOf = (before: KeyOfEtcd[], after: KeyOfEtcd[]): string[] => {
  const [a, b] = [before, after].map(keys => new Map(keys.map(one => [one.key.toString('latin1'), one])));
  const keys = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])];
  return keys
    .sort((one, other) => Buffer.compare(Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1')))
    .flatMap(key => {
      const [old, now] = [a?.get(key), b?.get(key)];
      const change = !old
        ? 'added'
        : !now
          ? 'removed'
          : !old.value.equals(now.value)
            ? 'changed'
            : old.lease === now.lease
              ? null
              : 'lease';
      return change === null ? [] : [`${change} ${Buffer.from(key, 'latin1').toString('base64')}`];
    });
};

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`diff with etcd ${minor}`, () => {
    let folder: TemporaryFolder;
    let cluster: EtcdCluster;
    let [first, second] = ['', ''];
    let [before, after]: [KeyOfEtcd[], KeyOfEtcd[]] = [[], []];

    beforeAll(async () => {
      folder = await temporaryFolder();
      if (!programs) return;
      [first, second] = [join(folder.path, 'first.db'), join(folder.path, 'second.db')];
      cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      const settings = cluster.settings();
      await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
      const random = seeded(7);
      const now = async () =>
        keysOfEtcd(settings, { revision: Number((await put(client, 'mark', 'the same')).revision) });
      await createKeys(client, random, 3000);
      await putLarge(client, random, { keys: ['large/1', 'large/2', 'large/3', 'large/4'], size: 1_040_000 });
      await put(client, '/registry/secrets/prod/db', secretObject('db', 'prod', { password: 'a' }));
      await put(client, '/registry/secrets/prod/gone', secretObject('gone', 'prod', { password: 'a' }));
      await put(client, 'other/rewritten', 'the same');
      await put(client, 'other/leased', 'the same');
      before = await now();
      await snapshotInto(first, cluster, programs);
      await changeKeys(client, random, { count: 3300, changes: 500 });
      await putLarge(client, random, { keys: ['large/2'], size: 1_040_000 });
      await put(client, '/registry/secrets/prod/db', secretObject('db', 'prod', { password: 'b' }));
      await remove(client, '/registry/secrets/prod/gone');
      await put(client, '/registry/cr.bar.com/foos/new', '{}');
      await put(client, 'other/rewritten', 'the same');
      await put(client, 'other/leased', 'the same', await lease(client));
      after = await now();
      await snapshotInto(second, cluster, programs);
    });
    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    const diff = async (...args: string[]) => {
      const { code, stdout, stderr } = await snapback(['diff', ...args, '--json']);
      const { result, error } = JSON.parse(stdout);
      return { code, stderr, result, error };
    };
    type Entry = { change: string; keyBase64: string };
    const listed = (entries: Entry[]) => entries.map(({ change, keyBase64 }) => `${change} ${keyBase64}`);
    const counted = (expected: string[]) =>
      Object.fromEntries(
        ['added', 'removed', 'changed', 'lease'].map(change => [
          change,
          expected.filter(line => line.startsWith(`${change} `)).length,
        ]),
      );

    test('two snapshots differ as what etcd answered differs', async () => {
      const expected = diffOf(before, after);
      for (const sort of ['added', 'removed', 'changed', 'lease'])
        expect(expected.some(line => line.startsWith(sort))).toBe(true);
      const { code, result } = await diff(first, second, '--keys');
      expect(code).toBe(0);
      expect(listed(result.keys)).toEqual(expected);
      expect(result).toMatchObject({ ...counted(expected), sameCluster: null });
      expect(result.from).toMatchObject({ snapshot: first, keys: before.length });
      expect(result.to).toMatchObject({ snapshot: second, keys: after.length });
      const back = await diff(second, first);
      expect(back.result).toMatchObject({ added: result.removed, removed: result.added, keys: [] });
    });

    test('the sums are those of the keys', async () => {
      const { result } = await diff(first, second, '--keys');
      const { groups } = result;
      for (const change of ['added', 'removed', 'changed', 'lease'])
        expect(
          groups.reduce((sum: number, group: Record<string, number>) => sum + (group[change] ?? 0), 0),
        ).toBe(result[change]);
      expect(groups).toContainEqual({
        resource: 'secrets',
        namespace: 'prod',
        prefix: null,
        added: 0,
        removed: 1,
        changed: 1,
        lease: 0,
      });
      expect(groups).toContainEqual({
        resource: null,
        namespace: null,
        prefix: 'other/',
        added: 0,
        removed: 0,
        changed: 0,
        lease: 1,
      });
      const deep = await diff(first, second, '--depth', '1');
      expect(deep.result.groups.map(({ prefix }: { prefix: string }) => prefix)).toContain('/registry/');
    });

    test('the living cluster is compared at one revision, values that do not fit into one answer among them', async () => {
      const expected = diffOf(before, after);
      const living = ['--living', ...connection(cluster.settings())];
      const { code, result } = await diff(first, ...living, '--keys');
      expect(code).toBe(0);
      expect(listed(result.keys)).toEqual(expected);
      expect(result.to).toMatchObject({ snapshot: null, endpoint: cluster.endpoints[0], keys: after.length });
      expect(result.to.revision).toBe(Math.max(...after.map(({ modRevision }) => modRevision)));
      const same = await diff(second, ...living, '--exit-code');
      expect(same).toMatchObject({ code: 0, error: null });
      expect(same.result).toMatchObject({ added: 0, removed: 0, changed: 0, lease: 0, same: after.length });
      const { stdout } = await snapback(['diff', second, ...living]);
      expect(stdout).toContain(`to        the living cluster at ${cluster.endpoints[0]}: `);
      expect(stdout).toMatch(/\nno difference: [\d,]+ keys with the same values\n$/);
    });

    test('--prefix looks at nothing else', async () => {
      const within = (keys: KeyOfEtcd[]) =>
        keys.filter(({ key }) => `${key}`.startsWith('/registry/secrets/'));
      const expected = diffOf(within(before), within(after));
      for (const to of [[second], ['--living', ...connection(cluster.settings())]]) {
        const { result } = await diff(first, ...to, '--prefix', '/registry/secrets/', '--keys');
        expect(listed(result.keys)).toEqual(expected);
      }
    });

    test('a person reads the keys, the sums, and all of it at last', async () => {
      const { code, stdout } = await snapback([
        'diff',
        first,
        second,
        '--prefix',
        '/registry/secrets/prod/',
        '--keys',
      ]);
      expect(code).toBe(0);
      const [changed, removed, from, to, , head, row] = stdout.split('\n');
      expect([changed, removed]).toEqual(['~ /registry/secrets/prod/db', '- /registry/secrets/prod/gone']);
      expect(from).toMatch(/^from {6}.*first\.db: 2 keys as of revision [\d,]+$/);
      expect(to).toMatch(/^to {8}.*second\.db: 1 keys as of revision [\d,]+$/);
      expect(head).toBe('RESOURCE  NAMESPACE  ADDED  REMOVED  CHANGED');
      expect(row).toBe('secrets   prod       –      1        1');
      expect(stdout).toContain('\n0 added, 1 removed, 1 changed; 0 the same\n');
      expect(stdout).not.toContain('password');
    });

    test('--exit-code ends with 25 where they differ', async () => {
      const { code, stdout, stderr } = await snapback(['diff', first, second, '--exit-code']);
      expect(code).toBe(25);
      expect(stdout).toContain(' changed; ');
      expect(stderr).toBe('Exit 25 (there are differences).\n');
      expect((await diff(first, second, '--exit-code')).error).toMatchObject({ code: 'different' });
      // Another lease is no other value.
      const leases = await diff(first, second, '--exit-code', '--prefix', 'other/');
      expect(leases).toMatchObject({ code: 0, result: { lease: 1, changed: 0 } });
    });

    test('stored snapshots are compared, and those of different clusters are said to be', async () => {
      const store = join(folder.path, 'store');
      const save = async (name: string) => {
        const args = [
          'save',
          '--store',
          store,
          '--cluster',
          name,
          ...connection(cluster.settings()),
          '--quiet',
        ];
        return (await snapback(args)).stdout.trim();
      };
      const [one, two] = [await save('a'), await save('a')];
      const stored = ['--store', store, '--cluster', 'a'];
      const { result } = await diff(one, two, ...stored);
      expect(result).toMatchObject({ sameCluster: true, added: 0, removed: 0, changed: 0 });
      expect(result.from).toMatchObject({ snapshot: one, taken: expect.stringMatching(/^20/) });
      const living = await diff(one, '--living', ...connection(cluster.settings()), ...stored);
      expect(living.result.sameCluster).toBe(true);
      await using other = await startEtcd({ etcd: programs?.etcd ?? '' });
      const strange = await diff(one, '--living', ...connection(other.settings()), ...stored);
      expect(strange.result).toMatchObject({ sameCluster: false, added: 0, removed: after.length });
      expect(strange.stderr).toContain('is another cluster than the one that');
    });
  });
}

test.each([
  [['./x.db'], 'names one snapshot'],
  [['./x.db', './y.db', '--living'], 'names two snapshots, and --living'],
])('%j is a mistake', async (args, words) => {
  const { code, stderr } = await snapback(['diff', ...args]);
  expect(code).toBe(2);
  expect(stderr).toContain(words);
});

const put = async (client: EtcdClient, key: string, value: string | Buffer, lease = '0') => {
  const request = { key: Buffer.from(key), value: Buffer.from(value as string), lease };
  const { header } = await client.etcd3((etcd3, options) => etcd3.kv.put(request, options), {
    operation: 'put',
    signal,
  });
  return header;
};

const remove = (client: EtcdClient, key: string) =>
  client.etcd3((etcd3, options) => etcd3.kv.deleteRange({ key: Buffer.from(key) }, options), {
    operation: 'delete',
    signal,
  });

const lease = async (client: EtcdClient): Promise<string> => {
  const { ID } = await client.etcd3((etcd3, options) => etcd3.leaseClient.leaseGrant({ TTL: 600 }, options), {
    operation: 'grant a lease',
    signal,
  });
  return ID;
};
