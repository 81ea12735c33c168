/** Disks that are full or run full: each command says so with the right code, and nothing is lost or left behind. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { mounted, needMounts } from './support/mounted.ts';
import { need } from './support/programs.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const mounts = await needMounts();

describe.skipIf(programs === null || !mounts)('a disk without space', () => {
  let cluster: EtcdCluster;
  let folder: TemporaryFolder;
  let store: string;
  let disk: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await fill(cluster.settings(), { count: 30, size: 100_000 });
    store = join(folder.path, 'store');
    disk = join(folder.path, 'disk');
    expect((await save(store)).code).toBe(0);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const save = (into: string, through: string[] = []) =>
    snapback(['save', ...connection(cluster.settings()), '--store', into], { through });
  const small = (options: string) => mounted(`mkdir -p "$1"; mount -t tmpfs -o ${options} tmpfs "$1"`, disk);
  const verdicts = async (at = store) =>
    (await readdir(join(at, 'default'))).filter(name => name.includes('.verify.'));
  const isClear = (ran: Ran, code: number, ...words: string[]) => {
    for (const word of words) expect(ran.stdout + ran.stderr).toContain(word);
    expect(ran.stderr).not.toMatch(/not foreseen|^\s+at /m);
    expect(ran.code).toBe(code);
  };

  it('of the store: the save that does not fit leaves nothing, and those before it stay good', async () => {
    await using mount = await small('size=5m');
    const { through, inside } = mount;
    expect((await save(disk, through)).code).toBe(0);
    const before = await readdir(inside(join(disk, 'default')));
    isClear(await save(disk, through), 31, 'is full', 'Make room there', 'Nothing was stored. Exit 31');
    expect(await readdir(inside(join(disk, 'default')))).toEqual(before);
    const object = ['verify', '--level', 'object', '--store', disk];
    isClear(await snapback(object, { through }), 0, 'STORED AS RECORDED');
    await mount.run('mount', '-o', 'remount,size=20m', disk);
    expect((await save(disk, through)).code).toBe(0);
  });

  it('of the store: prune and remove make room although there is none for a word', async () => {
    await using mount = await small('size=16m');
    const { through, inside } = mount;
    for (let i = 0; i < 3; i++) expect((await save(disk, through)).code).toBe(0);
    await mount.run('sh', '-c', 'cat /dev/zero > "$1/filler" 2> /dev/null || true', 'sh', disk);
    const [oldest = ''] = (await readdir(inside(join(disk, 'default')))).filter(name => /^\d/.test(name));
    const remove = ['remove', oldest.slice(0, 23), '--reason', 'full', '--store', disk];
    isClear(await snapback(remove, { through }), 0);
    await mount.run('sh', '-c', 'cat /dev/zero >> "$1/filler" 2> /dev/null || true', 'sh', disk);
    isClear(await snapback(['prune', '--keep-last', '1', '--store', disk], { through }), 0, 'Removed 1 of 2');
    const left = (await readdir(inside(join(disk, 'default')))).filter(name => /^\d/.test(name));
    expect(left).toHaveLength(2);
  });

  it('of the store: what verify found is told although it cannot be recorded, and damage counts more', async () => {
    await using mount = await small('size=8m');
    const { through, inside } = mount;
    expect((await save(disk, through)).code).toBe(0);
    await mount.run('sh', '-c', 'cat /dev/zero > "$1/filler" 2> /dev/null || true', 'sh', disk);
    const verify = ['verify', '--level', 'object', '--store', disk];
    const good = await snapback(verify, { through });
    isClear(good, 31, 'STORED AS RECORDED', 'was not recorded', 'is full', '--no-record');
    expect(good.stderr).toMatch(/\nExit 31 \(store away, .*\)\.\n$/);
    isClear(await snapback([...verify, '--no-record'], { through }), 0, 'STORED AS RECORDED');
    const object = (await readdir(inside(join(disk, 'default')))).find(name => name.endsWith('.zst')) ?? '';
    const bytes = await readFile(inside(join(disk, 'default', object)));
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    await writeFile(inside(join(disk, 'default', object)), bytes, { flag: 'r+' });
    isClear(await snapback(verify, { through }), 20, 'NOT RESTORABLE', 'was not recorded');
    expect(await verdicts(inside(disk))).toEqual([]);
  });

  it.each<[string, () => string[]]>([
    ['the scratch folder of verify', () => ['verify', '--scratch', disk]],
    [
      'the scratch folder of restore',
      () => ['restore', '--data-dir', join(folder.path, 'a'), '--scratch', disk],
    ],
    ['the data directory', () => ['restore', '--data-dir', join(disk, 'data')]],
    ['the bare file', () => ['restore', '--output', join(disk, 'x.db')]],
  ])('of %s: it is seen before anything is written', async (_, args) => {
    await using mount = await small('size=2m');
    const ran = await snapback([...args(), '--store', store], { through: mount.through });
    isClear(ran, 1, 'has 2', 'are needed', 'Make room there');
    expect(await readdir(mount.inside(disk))).toEqual([]);
    expect(await readdir(folder.path)).not.toContain('a');
    expect(await verdicts()).toEqual([]);
  });

  // A disk that has space and no room for one file more, and then for one, and so on: it fills at every step.
  it.each<[string, () => string[], RegExp]>([
    ['verify', () => ['verify', '--scratch', disk], /the throwaway etcd ended .*no space left/],
    ['restore', () => ['restore', '--data-dir', join(disk, 'data')], /etcdutl says .*no space left/],
    ['restore --output', () => ['restore', '--output', join(disk, 'x.db')], /x\.db.* no space is left/],
  ])('that runs full at any step of %s is no finding, and nothing is left there', async (_, args, last) => {
    await using mount = await small('size=1g,nr_inodes=1');
    const told: string[] = [];
    const before = await verdicts();
    for (let files = 1; ; files += files < 9 ? 4 : 1) {
      await mount.run('mount', '-o', `remount,nr_inodes=${files}`, disk);
      const ran = await snapback([...args(), '--store', store], { through: mount.through });
      if (ran.code === 0) break;
      isClear(ran, 1, 'no space');
      expect(ran.stdout).toBe('');
      expect(await verdicts()).toEqual(before);
      expect(await readdir(mount.inside(disk))).toEqual([]);
      told.push(ran.stderr);
    }
    expect(told.some(text => last.test(text))).toBe(true);
  });
});
