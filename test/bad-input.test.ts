import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need } from './support/programs.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';

const programs = await need('3.6');

describe.skipIf(programs === null)('what is wrong with a store, a manifest, an object or a target', () => {
  let cluster: EtcdCluster;
  let other: EtcdCluster;
  let folder: string;
  let good: string;
  let ids: string[];
  const at = (...names: string[]) => join(folder, ...names);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapback-bad-'));
    const etcd = programs?.etcd ?? '';
    cluster = await startEtcd({ etcd, tls: true });
    other = await startEtcd({ etcd, tls: true });
    await fill(cluster.settings(), { count: 100, size: 100 });
    good = at('good');
    for (let i = 0; i < 2; i++) await snapback(['save', ...connection(cluster.settings()), '--store', good]);
    ids = (await snapback(['list', '--store', good, '--quiet'])).stdout.trim().split('\n');
    expect(ids).toHaveLength(2);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await other?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  let copies = 0;
  /** A copy of the good store that a test may spoil. */
  const spoiled = async (spoil: (path: string) => Promise<void>): Promise<string> => {
    const path = at(`store-${copies++}`);
    await cp(good, path, { recursive: true });
    await spoil(join(path, 'default'));
    return path;
  };
  const isClear = (ran: Ran, code: number, ...words: string[]) => {
    expect(ran.stderr).not.toMatch(/^\s+at /m);
    for (const word of words) expect(ran.stdout + ran.stderr).toContain(word);
    expect(ran.code).toBe(code);
  };
  const manifestOf = (path: string, id = ids[0]) => join(path, `${id}.json`);

  it('a save from another etcd is refused, accepted when the cluster is named, and refused when the old one comes back', async () => {
    const store = await spoiled(async () => {});
    const before = await readdir(join(store, 'default'));
    isClear(await snapback(['save', ...connection(other.settings()), '--store', store]), 23, '--cluster');
    expect(await readdir(join(store, 'default'))).toEqual(before);
    const named = await snapback([
      'save',
      ...connection(other.settings()),
      '--store',
      store,
      '--cluster',
      'default',
    ]);
    isClear(named, 0, 'warning');
    const back = await snapback([
      'save',
      ...connection(cluster.settings()),
      '--store',
      store,
      '--cluster',
      'default',
    ]);
    isClear(back, 23, '--accept-cluster-id');
    const id = /--accept-cluster-id (\d+)/.exec(back.stderr)?.[1] ?? '';
    isClear(
      await snapback([
        'save',
        ...connection(cluster.settings()),
        '--store',
        store,
        '--accept-cluster-id',
        id,
      ]),
      0,
    );
  });

  it('a folder of another lineage, and one whose cluster.json is lost', async () => {
    const lineage = 'f'.repeat(32);
    const foreign = ['--store', good, '--lineage', lineage];
    isClear(await snapback(['save', ...connection(cluster.settings()), ...foreign]), 23, lineage);
    const lost = await spoiled(path => rm(join(path, 'cluster.json')));
    isClear(await snapback(['save', ...connection(cluster.settings()), '--store', lost]), 23, 'cluster.json');
    isClear(await snapback(['prune', '--store', lost, '--keep-last', '1', '--yes']), 23, 'cluster.json');
    isClear(await snapback(['list', '--store', lost]), 0, 'warning', ids[0] ?? '');
  });

  it.each<[string, (text: string) => string, number]>([
    ['truncated', text => text.slice(0, 200), 20],
    ['no JSON', () => 'hello', 20],
    ['with ../ in the object name', text => text.replace(/"name": "2/, '"name": "../2'), 20],
    ['with a huge number', text => text.replace(/"revisionBefore": \d+/, '"revisionBefore": 1e300'), 20],
    ['with a wrong type', text => text.replace(/"size": \d+/, '"size": "big"'), 20],
    ['with a prototype key', text => text.replace('"labels": {', '"labels": { "__proto__": "x"'), 20],
    ['of another lineage', text => text.replace(/"lineage": "\w+"/, `"lineage": "${'0'.repeat(32)}"`), 23],
    ['of a newer format', text => text.replace('"format": 1', '"format": 2'), 23],
    ['of another kind', text => text.replace('"kind": "snapshot"', '"kind": "segment"'), 23],
  ])('a manifest %s is told by list, and never verified or restored', async (_, change, code) => {
    const store = await spoiled(async path => {
      const text = await readFile(manifestOf(path), 'utf8');
      expect(change(text)).not.toBe(text);
      await writeFile(manifestOf(path), change(text));
    });
    isClear(await snapback(['list', '--store', store]), 0, 'BROKEN', ids[1] ?? '');
    const verified = await snapback(['verify', ids[0] ?? '', '--store', store]);
    isClear(verified, code);
    isClear(await snapback(['restore', ids[0] ?? '', '--store', store, '--data-dir', at('never')]), code);
    await expect(readdir(at('never'))).rejects.toThrow('ENOENT');
  });

  it('an object that was exchanged for another good one, and one that is gone', async () => {
    const exchanged = await spoiled(path =>
      copyFile(join(path, `${ids[1]}.db.zst`), join(path, `${ids[0]}.db.zst`)),
    );
    isClear(await snapback(['verify', ids[0] ?? '', '--store', exchanged]), 20, 'NOT RESTORABLE');
    const gone = await spoiled(path => rm(join(path, `${ids[0]}.db.zst`)));
    isClear(await snapback(['list', '--store', gone]), 0, 'MISSING');
    isClear(await snapback(['verify', ids[0] ?? '', '--store', gone, '--level', 'object']), 20, 'is missing');
  });

  it('an id that is ambiguous, absent, or too short', async () => {
    isClear(
      await snapback(['show', ids[0]?.slice(0, 8) ?? '', '--store', good]),
      2,
      ids[0] ?? '',
      ids[1] ?? '',
    );
    isClear(await snapback(['show', 'deadbe', '--store', good]), 22);
    isClear(await snapback(['show', 'ab', '--store', good]), 2);
    isClear(await snapback(['show', ids[0] ?? '', '--store', good, '--cluster', 'other']), 22);
  });

  it('a store that is a file, and a data directory that is not empty or in use', async () => {
    await writeFile(at('file'), 'x');
    isClear(
      await snapback(['save', ...connection(cluster.settings()), '--store', at('file')]),
      31,
      'Nothing was stored.',
    );
    await mkdir(at('full'));
    await writeFile(at('full', 'mine'), 'precious');
    isClear(
      await snapback(['restore', '--store', good, '--data-dir', at('full')]),
      23,
      'Nothing was restored.',
    );
    expect(await readdir(at('full'))).toEqual(['mine']);
    const running = cluster.members[0]?.dataDir ?? '';
    isClear(await snapback(['restore', '--store', good, '--data-dir', running]), 23, 'in use');
  });

  it('no program, no scratch, no certificate', async () => {
    const bare = { env: { PATH: '/nowhere', SNAPBACK_CACHE_DIR: at('no-cache') } };
    isClear(await snapback(['verify', '--store', good], bare), 24, 'snapback tools install 3.6');
    isClear(await snapback(['verify', '--store', good, '--scratch', at('nowhere')]), 2, '--scratch');
    const { endpoints, cacert } = cluster.settings();
    const anonymous = ['--endpoints', endpoints.join(','), '--cacert', `${cacert}`, '--dial-timeout', '5s'];
    isClear(await snapback(['save', ...anonymous, '--store', at('x')]), 30, 'Nothing was stored.');
  });
});
