/** `snapback get` on files of real etcds, compared with what those etcds say themselves. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { snapshotInto } from './support/database-file.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { changeKeys, createKeys, putLarge, putSingly } from './support/key-history.ts';
import { type KeyOfEtcd, keysOfEtcd } from './support/keys-of-etcd.ts';
import { bareObject, secretObject } from './support/kubernetes-protobuf.ts';
import { need, testedMinors } from './support/programs.ts';
import { seeded } from './support/random.ts';
import { snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();

type Entry = { key: string | null; keyBase64: string; value: string | null } & Omit<
  KeyOfEtcd,
  'key' | 'value'
>;

const comparable = (entries: Entry[]) =>
  entries.map(({ keyBase64, value, createRevision, modRevision, version, lease }) => ({
    keyBase64,
    value,
    createRevision,
    modRevision,
    version,
    lease,
  }));

const asEntries = (keys: KeyOfEtcd[]) =>
  keys.map(({ key, value, ...rest }) => ({
    keyBase64: key.toString('base64'),
    value: value.toString('base64'),
    ...rest,
  }));

const resource =
  '{"apiVersion":"cr.bar.com/v1","kind":"Foo","metadata":{"name":"one","namespace":"prod"},"n":12345678901234567890}';

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`get from a snapshot of etcd ${minor}`, () => {
    let folder: TemporaryFolder;
    let cluster: EtcdCluster;
    let file: string;
    let compacted: string;
    /** Every so often in its history, and what etcd said of it. */
    const told = new Map<number, KeyOfEtcd[]>();
    const revisions = { gone: 0, compaction: 0, newest: 0 };

    beforeAll(async () => {
      folder = await temporaryFolder();
      if (!programs) return;
      [file, compacted] = [join(folder.path, 'young.db'), join(folder.path, 'compacted.db')];
      cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      const settings = cluster.settings();
      await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
      const random = seeded(5);
      const remember = async () => {
        const revision = await put(client, 'mark', String(told.size));
        told.set(revision, await keysOfEtcd(settings, { revision }));
        return revision;
      };
      await createKeys(client, random, 900);
      await remember();
      await changeKeys(client, random, { count: 900, changes: 900 });
      await putLarge(client, random, { keys: ['large/1', 'large/2'], size: 1_400_000 });
      revisions.compaction = await remember();
      await put(client, '/registry/secrets/prod/db', secretObject('db', 'prod', { password: 'hunter2' }));
      await put(client, '/registry/secrets/prod/api', 'k8s:enc:aescbc:v1:key1:\u0001\u0002');
      await put(client, '/registry/minions/node-1', bareObject('v1', 'Node', 'node-1', null));
      await put(client, '/registry/cr.bar.com/foos/prod/one', resource);
      await put(client, '/registry/configmaps/prod/lost', 'was here');
      await leased(client, 'leased', 'with a lease');
      await remember();
      revisions.gone = await remove(client, '/registry/configmaps/prod/lost');
      await changeKeys(client, random, { count: 900, changes: 200 });
      revisions.newest = await remember();
      await snapshotInto(file, cluster, programs);
      const { compaction: revision } = revisions;
      await client.etcd3((etcd3, options) => etcd3.kv.compact({ revision, physical: true }, options), {
        operation: 'compact',
        signal,
      });
      await putSingly(client, random, 5);
      await snapshotInto(compacted, cluster, programs);
    });
    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    const get = async (...args: string[]) => {
      const { code, stdout, stderr } = await snapback(['get', ...args, '--json']);
      const { result, error } = JSON.parse(stdout);
      return { code, stderr, result, error };
    };

    test('all keys at every revision are what etcd said they were, in the order of the keys', async () => {
      for (const [revision, expected] of told) {
        const { code, result } = await get(file, '--all', '--revision', `${revision}`, '--show-secrets');
        expect(code).toBe(0);
        expect(comparable(result.entries)).toEqual(asEntries(expected));
        expect(result).toMatchObject({
          revision,
          newestRevision: revisions.newest,
          oldestRevision: 1,
          keys: expected.length,
          limited: false,
        });
      }
    });

    test('after a compaction too, down to its revision and not below', async () => {
      for (const [revision, expected] of told) {
        const { code, result, error } = await get(
          compacted,
          '--all',
          '--revision',
          `${revision}`,
          '--show-secrets',
        );
        if (revision >= revisions.compaction) {
          expect(comparable(result.entries)).toEqual(asEntries(expected));
          continue;
        }
        expect(code).toBe(22);
        expect(error).toMatchObject({
          code: 'not-found',
          cause: `was compacted away: its history begins at ${revisions.compaction}`,
        });
      }
      const { code, error } = await get(file, 'mark', '--revision', `${revisions.newest + 1}`);
      expect(code).toBe(22);
      expect(error.cause).toBe(`is not in it: its newest is ${revisions.newest}`);
    });

    test('one key at every revision', async () => {
      for (const [revision, expected] of told) {
        const [mark, first] = [expected.filter(({ key }) => `${key}` === 'mark'), expected.slice(0, 1)];
        for (const one of [
          ...mark,
          ...first.filter(({ key }) => key.toString('utf8') === key.toString('latin1')),
        ]) {
          const { result } = await get(file, `${one.key}`, '--revision', `${revision}`);
          expect(comparable(result.entries)).toEqual(asEntries([one]));
        }
      }
    });

    test('--raw gives the exact bytes, large ones too, and nothing else', async () => {
      const large = told.get(revisions.newest)?.find(({ key }) => `${key}` === 'large/2');
      const written = await rawBytes(['get', file, 'large/2', '--raw', '--quiet']);
      expect(large?.value.length).toBe(1_400_000);
      expect(written.equals(large?.value ?? Buffer.alloc(0))).toBe(true);
    });

    test('--prefix, --keys-only and --limit choose', async () => {
      const expected = told.get(revisions.newest)?.filter(({ key }) => `${key}`.startsWith('large/'));
      const { result } = await get(file, '--prefix', 'large/');
      expect(comparable(result.entries)).toEqual(asEntries(expected ?? []));
      const { stdout, stderr } = await snapback([
        'get',
        file,
        '--prefix',
        '/registry/secrets/',
        '--keys-only',
      ]);
      expect(stdout).toBe('/registry/secrets/prod/api\n/registry/secrets/prod/db\n');
      expect(stderr).toContain(`2 keys of ${file} as of revision`);
      const first = await get(file, '--prefix', '/registry/secrets/', '--limit', '1', '--keys-only');
      expect(first.result).toMatchObject({ keys: 1, limited: true, newestRevision: revisions.newest });
      expect(first.result.entries).toMatchObject([{ key: '/registry/secrets/prod/api', value: null }]);
      const both = await get(file, '--prefix', '/registry/secrets/', '--limit', '2');
      expect(both.result).toMatchObject({ keys: 2, limited: false });
    });

    test('a Secret says what it holds when it is asked for by key, and only then', async () => {
      const one = await get(file, '/registry/secrets/prod/db');
      expect(one.result.entries).toMatchObject([
        {
          is: 'kubernetes',
          encoding: 'protobuf',
          object: { group: '', version: 'v1', kind: 'Secret', namespace: 'prod', name: 'db' },
          hidden: false,
          data: [{ name: 'password', text: 'hunter2' }],
        },
      ]);
      const all = await snapback(['get', file, '--prefix', '/registry/secrets/']);
      expect(all.stdout).not.toContain('hunter2');
      expect(all.stdout).toContain('--show-secrets shows it');
      expect(
        (await snapback(['get', file, '--prefix', '/registry/secrets/', '--json'])).stdout,
      ).not.toContain(Buffer.from('hunter2').toString('base64').slice(0, 8));
      const shown = await snapback(['get', file, '--prefix', '/registry/secrets/', '--show-secrets']);
      expect(shown.stdout).toContain('data      password  hunter2');
    });

    test('objects are found by resource, namespace and name', async () => {
      for (const [args, key] of [
        [['--resource', 'secrets', '--namespace', 'prod', '--name', 'db'], '/registry/secrets/prod/db'],
        [['--resource', 'nodes', '--name', 'node-1'], '/registry/minions/node-1'],
        [['--resource', 'foos.cr.bar.com', '--namespace', 'prod'], '/registry/cr.bar.com/foos/prod/one'],
      ] as [string[], string][])
        expect((await get(file, ...args)).result.entries.map((entry: Entry) => entry.key)).toEqual([key]);
    });

    test('a person reads what a value is', async () => {
      const { stdout } = await snapback(['get', file, '/registry/cr.bar.com/foos/prod/one']);
      expect(stdout).toContain('Foo cr.bar.com/v1 prod/one, in JSON\n');
      // A number that JSON cannot keep, so that it is printed as it is.
      expect(stdout).toContain(`\n\n${resource}\n`);
      expect((await snapback(['get', file, '/registry/secrets/prod/api'])).stdout).toContain(
        'encrypted at rest by the API server: aescbc v1, key key1',
      );
      expect((await snapback(['get', file, 'leased'])).stdout).toMatch(
        /^key {7}leased\nrevision {2}\d+ \(created at \d+, version 1\), lease [0-9a-f]+\nvalue {5}12 B\n\nwith a lease\n$/,
      );
      expect((await snapback(['get', file, 'leased', '--quiet'])).stdout).toBe('with a lease\n');
    });

    test('what is not there ends with 22 and says what is near', async () => {
      for (const [args, hint] of [
        [['/registry/secrets/prod/dbb'], 'Did you mean /registry/secrets/prod/db?'],
        [
          ['/registry/configmaps/prod/lost'],
          `deleted at revision ${revisions.gone}: --revision ${revisions.gone - 1} gives`,
        ],
        [['leased', '--revision', `${revisions.compaction}`], 'It was made later, at revision'],
        [['--prefix', '/nowhere/'], '`snapback inspect`'],
      ] as [string[], string][]) {
        const { code, stdout, stderr } = await snapback(['get', file, ...args]);
        expect(stderr).toContain(hint);
        expect(stderr).toContain('Exit 22');
        expect({ code, stdout }).toEqual({ code: 22, stdout: '' });
      }
      const before = await get(file, '/registry/configmaps/prod/lost', '--revision', `${revisions.gone - 1}`);
      expect(before.result.entries).toMatchObject([{ text: 'was here' }]);
    });

    test('a file that is no database is said so; nothing stays in the scratch folder', async () => {
      const [other, scratch] = [join(folder.path, 'other.db'), join(folder.path, 'scratch')];
      await writeFile(other, 'no database');
      await mkdir(scratch);
      expect((await get(other, 'a', '--scratch', scratch)).code).toBe(20);
      expect((await get(file, '--all', '--limit', '2', '--scratch', scratch)).code).toBe(0);
      expect(await readdir(scratch)).toEqual([]);
    });
  });
}

describe('a mistake in what is asked for', () => {
  test.each([
    [['./x.db', 'a', '--prefix', 'b'], 'only one of them'],
    [['./x.db', '--namespace', 'prod'], 'only mean something with --resource'],
    [['./x.db'], 'names no key'],
    [['./x.db', '--prefix', 'a', '--raw'], 'which is for one value'],
    [['./x.db', 'a', '--raw', '--json'], 'has --raw with --json'],
    [['./x.db', 'a', '--raw', '--keys-only'], 'has --raw with --keys-only'],
    [['./x.db', 'a', '--revision', '0'], 'is not a whole number from 1'],
  ])('%j', async (args, words) => {
    const { code, stdout, stderr } = await snapback(['get', ...args]);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain(words);
  });
});

const put = async (client: EtcdClient, key: string, value: string | Buffer, lease = '0'): Promise<number> => {
  const request = { key: Buffer.from(key), value: Buffer.from(value as string), lease };
  const { header } = await client.etcd3((etcd3, options) => etcd3.kv.put(request, options), {
    operation: 'put',
    signal,
  });
  return Number(header.revision);
};

const remove = async (client: EtcdClient, key: string): Promise<number> => {
  const { header } = await client.etcd3(
    (etcd3, options) => etcd3.kv.deleteRange({ key: Buffer.from(key) }, options),
    { operation: 'delete', signal },
  );
  return Number(header.revision);
};

const leased = async (client: EtcdClient, key: string, value: string): Promise<void> => {
  const { ID } = await client.etcd3((etcd3, options) => etcd3.leaseClient.leaseGrant({ TTL: 600 }, options), {
    operation: 'grant a lease',
    signal,
  });
  await put(client, key, value, ID);
};

const rawBytes = (args: string[]): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const bin = fileURLToPath(new URL('../bin/snapback.js', import.meta.url));
    const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', chunk => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', () => resolve(Buffer.concat(chunks)));
  });
