import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { until } from './support/processes.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');

describe.skipIf(programs === null)('save --check content', () => {
  let cluster: EtcdCluster;
  let temporary: TemporaryFolder;
  const path = (...parts: string[]) => join(temporary.path, ...parts);

  beforeAll(async () => {
    temporary = await temporaryFolder();
    await mkdir(path('scratch'));
    cluster = await startEtcd({ etcd: programs?.etcd ?? '', members: 3 });
    await fill(cluster.settings(), { count: 2000, size: 500 });
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await temporary?.[Symbol.asyncDispose]();
  });

  const save = (store: string, ...more: string[]) => {
    const where = ['--store', path(store), '--also', path(`${store}-too`), '--scratch', path('scratch')];
    return snapback(['save', ...connection(cluster.settings()), ...where, '--check', 'content', ...more]);
  };

  const stored = async (store: string): Promise<string[]> =>
    (await readdir(path(store, 'default'))).filter(name => !name.startsWith('cluster.'));

  test('reads the snapshot through before any store has it, and leaves nothing in clear', async () => {
    const ran = await save('good');
    expect(ran.stderr).toMatch(/^checked {3}database: [\d,]+ pages, revision [\d,]+, 2,000 keys$/m);
    expect(ran.stderr).toMatch(/^checked {3}same as living: HashKV \d+, 2,000 keys at revision/m);
    expect(ran.stderr.indexOf('checked')).toBeLessThan(ran.stderr.indexOf('stored'));
    expect(ran.code).toBe(0);
    expect(await stored('good')).toHaveLength(2);
    expect(await stored('good-too')).toHaveLength(2);
    expect(await readdir(path('scratch'))).toEqual([]);
  });

  /** Of the first member, whose file is mapped into its memory: what is written is what it reads. */
  const damage = async (change: (bytes: Buffer) => { at: number; byte: number }) => {
    const file = join(cluster.members[0]?.dataDir ?? '', 'member/snap/db');
    const { at, byte } = change(await readFile(file));
    await using handle = await open(file, 'r+');
    await handle.write(Buffer.from([byte]), 0, 1, at);
  };

  test('stores nothing of a member that has another value than the others', async () => {
    await damage(bytes => {
      const at = bytes.lastIndexOf('key-1999') + 40;
      return { at, byte: bytes.readUInt8(at) ^ 1 };
    });
    const ran = await save('diverged', '--from', cluster.endpoints[0] ?? '');
    expect(ran.stderr).toMatch(
      /the snapshot of etcd \S+ is not what the living cluster says: HashKV \d+, 2,000 keys recorded at/,
    );
    expect(ran.stderr).toContain('Nothing was stored. Exit 20');
    expect(ran.code).toBe(20);
    expect(await stored('diverged')).toEqual([]);
    expect(await stored('diverged-too')).toEqual([]);
    expect(await readdir(path('scratch'))).toEqual([]);
  });

  test('stores nothing of a file with a page that is not what it should be', async () => {
    await damage(bytes => {
      const page = Math.floor(bytes.lastIndexOf('key-1000') / 4096);
      return { at: page * 4096, byte: bytes.readUInt8(page * 4096) ^ 1 };
    });
    const ran = await save('torn', '--from', cluster.endpoints[0] ?? '');
    expect(ran.stderr).toMatch(
      /the snapshot of etcd \S+ is damaged in page \d+, at byte \d+: it says that it/,
    );
    expect(ran.code).toBe(20);
    expect(await stored('torn')).toEqual([]);
  });

  test('what is in clear is for its owner alone, and goes when the run is interrupted', async () => {
    await fill(cluster.settings(), { count: 150, size: 1_000_000, prefix: 'large-' });
    let modes: number[] = [];
    const look = async (kill: (signal: NodeJS.Signals) => void) => {
      await until(async () => (await readdir(path('scratch'))).length > 0);
      const [folder = ''] = await readdir(path('scratch'));
      await until(async () => (await readdir(path('scratch', folder))).length > 0);
      // It waits while it is looked at: on a fast machine it would be done meanwhile.
      kill('SIGSTOP');
      const all = [path('scratch', folder), path('scratch', folder, 'snapshot.db')];
      modes = (await Promise.all(all.map(one => stat(one)))).map(({ mode }) => mode & 0o777);
      kill('SIGTERM');
      kill('SIGCONT');
    };
    const where = ['--store', path('interrupted'), '--scratch', path('scratch'), '--check', 'content'];
    const healthy = connection({ ...cluster.settings(), endpoints: [cluster.endpoints[1] ?? ''] });
    let looked: Promise<void> | null = null;
    const ran = await snapback(['save', ...healthy, ...where, '--no-discover'], {
      started: (_, kill) => {
        looked = look(kill);
      },
    });
    await looked;
    expect(modes).toEqual([0o700, 0o600]);
    expect(ran.code).toBe(143);
    expect(await stored('interrupted')).toEqual([]);
    expect(await readdir(path('scratch'))).toEqual([]);
  });
});
