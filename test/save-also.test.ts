/** `save --also`: one read of etcd into several stores, of which one is lost before, in the middle, or stands still. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { sha256Of } from '../src/catalog/document.ts';
import { SnapbackError } from '../src/errors.ts';
import type { Context } from '../src/job/context.ts';
import { storeEverywhere } from '../src/job/store-everywhere.ts';
import type { Taking } from '../src/job/take-snapshot.ts';
import { silentLog } from '../src/log.ts';
import { openFileStore } from '../src/store/file.ts';
import type { Store } from '../src/store/store.ts';
import { type LargeEtcd, startLargeEtcd } from './support/large-etcd.ts';
import { need } from './support/programs.ts';
import { snapback } from './support/snapback.ts';
import { sampleManifest } from './support/snapshot-sample.ts';
import { hungAtEnd, hungStore, stalledStore } from './support/stalled-store.ts';
import { sampleBytes, streamOf } from './support/streams.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const MiB = 1024 * 1024;

describe.skipIf(programs === null)('save into several stores', () => {
  let large: LargeEtcd;

  beforeAll(async () => {
    large = await startLargeEtcd(programs?.etcd ?? '');
  });
  afterAll(() => large?.[Symbol.asyncDispose]());

  const at = (name: string) => join(large.folder, name);
  const files = async (store: string) => (await readdir(join(store, 'prod')).catch(() => [])).sort();
  const hashes = async (store: string) =>
    Object.fromEntries(
      await Promise.all(
        (await files(store)).map(async name => [name, sha256Of(await readFile(join(store, 'prod', name)))]),
      ),
    );
  const save = (stores: string[], ...more: string[]) => {
    const [first = '', ...others] = stores;
    const also = others.flatMap(other => ['--also', other]);
    return snapback(['save', ...large.etcd, '--cluster', 'prod', '--store', first, ...also, ...more]);
  };
  const saved = async (stores: string[], ...more: string[]) => {
    const ran = await save(stores, '--json', ...more);
    return { ...ran, document: JSON.parse(ran.stdout) };
  };

  it('writes the same files into all of them, and a store that comes later gets the same lineage', async () => {
    const [a, b, c] = [at('same-a'), at('same-b'), at('same-c')];
    const first = await saved([a, b]);
    expect(first.code).toBe(0);
    expect(first.document.result.stores).toEqual([
      { location: a, stored: true, error: null },
      { location: b, stored: true, error: null },
    ]);
    expect(await hashes(b)).toEqual(await hashes(a));
    const names = await files(a);
    expect(names.filter(name => name.startsWith('cluster.'))).toHaveLength(2);
    expect(names).toHaveLength(4);

    const second = await save([c, a]);
    expect(second.stdout).toContain('in all 2 stores');
    expect(second.code).toBe(0);
    const [inA, inC] = [await hashes(a), await hashes(c)];
    expect(inA).toMatchObject(inC);
    expect(Object.keys(inC)).toEqual(
      (await files(a)).filter(name => !name.startsWith(first.document.result.id)),
    );
    expect((await snapback(['verify', '--store', c, '--cluster', 'prod'])).code).toBe(0);
  });

  it('refuses a store of another lineage before anything is read, and the same store twice', async () => {
    const [a, b] = [at('lineage-a'), at('lineage-b')];
    expect((await save([a])).code).toBe(0);
    expect((await save([b])).code).toBe(0);
    const before = [await files(a), await files(b)];
    for (const require of ['all', 'any']) {
      const ran = await save([a, b], '--require', require);
      expect(ran.code).toBe(23);
      expect(ran.stderr).toContain('Nothing was stored.');
    }
    expect([await files(a), await files(b)]).toEqual(before);
    const twice = await save([a, `file://${a}`]);
    expect(twice.code).toBe(2);
  });

  it.each([
    ['all', 31],
    ['any', 0],
  ])(
    'with --require %s a store that is away makes exit %i, and the other has the snapshot',
    async (require, code) => {
      const [a, b] = [at(`away-${require}`), join(at('no-folder'), 'store')];
      await writeFile(at('no-folder'), 'a file');
      expect((await save([a])).code).toBe(0);
      const { document, stderr, code: ended } = await saved([a, b], '--require', require);
      expect(ended).toBe(code);
      expect(document.result.store).toBe(a);
      expect(document.result.stores).toMatchObject([
        { location: a, stored: true, error: null },
        { location: b, stored: false, error: { code: 'store' } },
      ]);
      expect(await files(a)).toContain(`${document.result.id}.json`);
      if (require === 'any') expect(stderr).toContain(`warning: ${document.result.id} is not in ${b}`);
      else
        expect(document.error).toMatchObject({
          code: 'store',
          cause: expect.stringContaining(`whole in ${a}`),
        });
    },
  );

  it('begins no lineage while a store is away that may have one', async () => {
    const a = at('fresh');
    await writeFile(at('no-folder'), 'a file');
    const ran = await save([a, join(at('no-folder'), 'store')], '--require', 'any');
    expect(ran.code).toBe(31);
    expect(await files(a)).toEqual([]);
  });

  it('loses a store in the middle, and the other has the snapshot whole', async () => {
    const [a, b] = [at('middle-a'), at('middle-b')];
    const [member] = large.cluster.members;
    const ended = saved([a, b]);
    const begun = async (store: string) =>
      (await files(store)).some(name => /\.db\.zst\..*\.part$/.test(name));
    while (!((await begun(a)) && (await begun(b)))) await sleep(5);
    await member?.signal('SIGSTOP');
    await rename(b, at('middle-gone'));
    await writeFile(b, 'what was a folder');
    await member?.signal('SIGCONT');
    const { code, document } = await ended;
    expect(code).toBe(31);
    expect(document.result.stores).toMatchObject([
      { stored: true },
      { stored: false, error: { code: 'store' } },
    ]);
    expect(await readdir(join(at('middle-gone'), 'prod'))).not.toContain(`${document.result.id}.json`);
    expect((await snapback(['verify', '--store', a, '--cluster', 'prod'])).code).toBe(0);
    await rm(b);
    await mkdir(b);
    // What was lost is made up for by the next save.
    expect((await save([a, b])).code).toBe(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves nothing in either of them on %s', async (signal, code) => {
    const [a, b] = [at(`${signal}-a`), at(`${signal}-b`)];
    const [member] = large.cluster.members;
    let kill: (signal: NodeJS.Signals) => void = () => {};
    const args = ['save', ...large.etcd, '--cluster', 'prod', '--store', a, '--also', b];
    const ended = snapback(args, {
      started: (_, killer) => {
        kill = killer;
      },
    });
    while (!(await files(b)).some(name => /\.db\.zst\..*\.part$/.test(name))) await sleep(5);
    await member?.signal('SIGSTOP');
    kill(signal);
    const ran = await ended.finally(() => member?.signal('SIGCONT'));
    expect(ran.code).toBe(code);
    expect([await files(a), await files(b)]).toEqual([['cluster.json'], ['cluster.json']]);
  });
});

const id = '20261122T061807Z-4f2a9c';
const name = `prod/${id}.db.zst.age`;
const { signal } = new AbortController();

test.each([
  ['stands still in the middle', (store: Store) => stalledStore(store, 3 * MiB)],
  ['never comes back', hungStore],
])('a store that %s is given up, its upload aborted, and the other gets everything', async (_, broken) => {
  await using folder = await temporaryFolder();
  const good = openFileStore(join(folder.path, 'good'));
  const bad = openFileStore(join(folder.path, 'bad'));
  const told: string[] = [];
  const context = contextOf(signal, kind => told.push(kind));
  const folders = [good, broken(bad)].map(store => ({ store, recordCluster: async () => {} }));
  const [one, two] = await storeEverywhere(
    taking(),
    name,
    folders,
    { patience: 2_000, signKey: null },
    context,
  );
  expect(one?.error).toBeNull();
  expect(two?.error).toMatchObject({
    code: 'store',
    reason: expect.stringContaining('took no bytes for 2 s'),
  });
  expect((await readdir(join(folder.path, 'good', 'prod'))).sort()).toEqual([
    `${id}.db.zst.age`,
    `${id}.json`,
  ]);
  expect(await readdir(join(folder.path, 'bad', 'prod')).catch(() => [])).toEqual([]);
  expect(told).toEqual(['stored']);
});

test('a store that hangs at its end does not keep an interrupted run from saying what the other has', async () => {
  await using folder = await temporaryFolder();
  const good = openFileStore(join(folder.path, 'good'));
  const bad = openFileStore(join(folder.path, 'bad'));
  const controller = new AbortController();
  const reason = new SnapbackError('aborted', { operation: 'save', object: 'the run', reason: 'was ended' });
  const context = contextOf(controller.signal, () => {});
  const folders = [
    { store: good, recordCluster: async () => {} },
    { store: hungAtEnd(bad), recordCluster: async () => {} },
  ];
  const ended = storeEverywhere(taking(), name, folders, { patience: 60_000, signKey: null }, context);
  while (!(await readdir(join(folder.path, 'good', 'prod')).catch(() => [''])).includes(`${id}.json`))
    await sleep(5);
  controller.abort(reason);
  expect((await ended).map(({ error }) => error)).toEqual([null, reason]);
});

const contextOf = (signal: AbortSignal, tell: (kind: string) => void): Context => ({
  signal,
  log: silentLog,
  notify: ({ kind }) => tell(kind),
  progress: () => {},
});

const taking = (): Taking => ({
  stream: streamOf(sampleBytes(20 * MiB)),
  atMost: 20 * MiB,
  manifest: async () => sampleManifest(id),
  [Symbol.asyncDispose]: async () => {},
});
