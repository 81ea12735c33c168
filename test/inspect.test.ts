/** `inspect` as a command: a snapshot of the store, files, a bare database; for a person and as a document. */
import { copyFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import type { InspectResult } from '../src/job/inspect.ts';
import { snapshotInto } from './support/database-file.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const { signal } = new AbortController();

const secretValue = 'k8s\0never-shown-password';
const keys = [
  ...['a', 'b', 'c'].map(name => `/registry/secrets/default/${name}`),
  ...['x', 'y'].map(name => `/registry/pods/kube-system/${name}`),
  '/registry/pods/default/z',
  '/registry/clusterroles/admin',
  '/registry/example.com/widgets/default/w',
  'compact_rev_key',
  '/registry/configmaps/default/\u001b[31mred\u202e',
];

const putAll = async (cluster: EtcdCluster, all: (string | Buffer)[], value = secretValue): Promise<void> => {
  const settings = cluster.settings();
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  await client.etcd3(
    async ({ kv }, options) => {
      for (const key of all) await kv.put({ key: Buffer.from(key), value: Buffer.from(value) }, options);
    },
    { operation: 'put keys', signal },
  );
};

describe.skipIf(programs === null)('inspect', () => {
  let folder: TemporaryFolder;
  let [file, plain, store] = ['', '', ''];
  let id = '';

  beforeAll(async () => {
    folder = await temporaryFolder();
    file = join(folder.path, 'kubernetes.db');
    plain = join(folder.path, 'plain.db');
    store = join(folder.path, 'store');
    if (!programs) return;
    {
      await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      await putAll(cluster, [...keys, ...Array(5).fill(keys[0]), ...Array(2).fill(keys[3])]);
      await putAll(cluster, ['/registry/secrets/default/b'], `${secretValue}${'!'.repeat(5000)}`);
      await snapshotInto(file, cluster, programs);
      const saved = await snapback(['save', '--quiet', '--store', store, ...connection(cluster.settings())]);
      id = saved.stdout.trim();
    }
    await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
    await putAll(cluster, ['flat', Buffer.from([0xff, 0, 0x0a]), '/a/b/c', '/a/b/d', '/a/e/f', '/z']);
    await snapshotInto(plain, cluster, programs);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  const document = async (...args: string[]): Promise<InspectResult> => {
    const ran = await snapback(['inspect', ...args, '--json']);
    expect(ran.code, ran.stderr).toBe(0);
    return JSON.parse(ran.stdout).result;
  };

  test('of a Kubernetes cluster tells resources and namespaces, and no value', async () => {
    const ran = await snapback(['inspect', file]);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toBe('');
    const lines = ran.stdout.split('\n');
    const row = (start: RegExp) => lines.find(line => start.test(line)) ?? '';
    expect(row(/secrets$/)).toMatch(/^3 +5\.\d+ KiB +\d+ B +█+░* +secrets$/);
    expect(row(/pods$/)).toMatch(/^3 +\d+ B +\d+ B +█░* +pods$/);
    expect(row(/widgets\.example\.com$/)).toMatch(/^1 /);
    expect(row(/\(other keys\)$/)).toMatch(/^1 /);
    expect(row(/kube-system$/)).toMatch(/^2 /);
    expect(row(/^revision/)).toMatch(/^revision {2}1\d, never compacted$/);
    expect(row(/^history/)).toMatch(/8 older records and deletions/);
    expect(row(/^member/)).toMatch(/^member {4}m0 [0-9a-f]+, peers http:/);
    expect(row(/^5\.0\d? KiB|^4\.9\d? KiB/)).toMatch(/\/registry\/secrets\/default\/b$/);
    expect(row(/^6 .*default\/a$/)).not.toBe('');
    expect(ran.stdout).not.toContain('never-shown');
  });

  test('prints keys so that they cannot harm a terminal, and can be copied', async () => {
    const { stdout } = await snapback(['inspect', file, '--top', '100', '--depth', '16']);
    expect(stdout).toContain('/registry/configmaps/default/\\x1b[31mred\\u{202e}');
    expect(stdout).not.toContain('\u001b');
    const { stdout: other } = await snapback(['inspect', plain, '--top', '100']);
    expect(other).toContain('\\xff\\x00\\x0a');
  });

  test('of other keys tells prefixes, to the depth that is asked for', async () => {
    const { prefixes, view, kubernetes } = await document(plain);
    expect({ view, kubernetes }).toEqual({ view: 'prefixes', kubernetes: null });
    const counts = ({ rows }: InspectResult['prefixes']) =>
      Object.fromEntries(rows.map(({ key, keys }) => [key, keys]));
    expect(counts(prefixes)).toEqual({ '/a/b/': 2, '/a/e/': 1, '/': 1, '': 2 });
    expect(counts((await document(plain, '--depth', '1')).prefixes)).toEqual({ '/a/': 3, '/': 1, '': 2 });
    const below = await document(plain, '--prefix', '/a/b/', '--depth', '1');
    expect(counts(below.prefixes)).toEqual({ '/a/b/': 2 });
    expect(below).toMatchObject({ prefix: { key: '/a/b/' }, selected: { keys: 2 }, totals: { keys: 6 } });
    const text = (await snapback(['inspect', plain, '--prefix', '/a/b/'])).stdout;
    expect(text).toContain('only keys that begin with /a/b/: 2, ');
    expect((await snapback(['inspect', plain, '--prefix', '/none'])).stdout).toContain('no keys');
    const largest = (await document(plain)).largest.map(({ key, keyBase64 }) => [key, keyBase64]);
    expect(largest).toContainEqual([null, '/wAK']);
  });

  test('of a stored snapshot says what was recorded, by any way to name it', async () => {
    const own = await document('--store', store);
    expect(own).toMatchObject({ snapshot: id, cluster: 'default', etcd: { version: programs?.version } });
    expect(own.kubernetes?.resources.rows.map(({ resource }) => resource)).toContain('widgets.example.com');
    expect(own.kubernetes?.namespaces.rows.map(({ namespace }) => namespace).toSorted()).toEqual([
      'default',
      'kube-system',
    ]);
    const { stdout } = await snapback(['inspect', id.slice(-6), '--store', store, '--quiet']);
    expect(stdout.trim()).toBe(String(own.revision));
    const gone = await snapback(['inspect', 'latest~3', '--store', store]);
    expect(gone.code).toBe(22);
  });

  test('of a database without its trailer warns that nothing proves it', async () => {
    const bare = join(folder.path, 'member-snap-db.db');
    await copyFile(file, bare);
    await truncate(bare, (await readFile(file)).length - 32);
    const ran = await snapback(['inspect', bare, '--json']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('nothing proves its bytes');
    const { result } = JSON.parse(ran.stdout);
    expect(result.warnings).toHaveLength(1);
    expect({ ...result, snapshot: '', warnings: [] }).toEqual({ ...(await document(file)), snapshot: '' });
  });

  test('of what is damaged or no database is an error that says so, and prints nothing', async () => {
    const bytes = await readFile(file);
    const damaged = join(folder.path, 'damaged.db');
    // All but the two meta pages and the trailer.
    await writeFile(damaged, bytes.fill(0xee, 8192, bytes.length - 32));
    const ran = await snapback(['inspect', damaged]);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 20, stdout: '' });
    const bare = join(folder.path, 'bare-damaged.db');
    await writeFile(bare, bytes.subarray(0, -32));
    const read = await snapback(['inspect', bare]);
    expect(read.code).toBe(20);
    expect(read.stderr).toMatch(/is damaged in page \d+, at byte \d+/);
    await writeFile(bare, 'hello'.repeat(1000));
    expect((await snapback(['inspect', bare])).code).toBe(20);
    for (const wrong of [
      ['--top', '1001'],
      ['--depth', '-1'],
      ['--depth', '17'],
    ])
      expect((await snapback(['inspect', file, ...wrong])).code, wrong.join(' ')).toBe(2);
  });
});
