/** Places that cannot be written to, or are files: one clear error each, and nothing is lost or left behind. */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { mounted, needMounts } from './support/mounted.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const mounts = await needMounts();

describe.skipIf(programs === null)('what cannot be written to', () => {
  let cluster: EtcdCluster;
  let folder: TemporaryFolder;
  const at = (...names: string[]) => join(folder.path, ...names);
  const save = () => ['save', ...connection(cluster.settings())];
  const restore = () => ['restore', '--store', at('store')];

  beforeAll(async () => {
    folder = await temporaryFolder();
    cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await mkdir(at('locked'));
    for (const store of [at('store'), at('locked', 'store')])
      expect((await snapback([...save(), '--store', store])).code).toBe(0);
    await writeFile(at('file'), 'mine');
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  type Expected = { code: number; says: string[]; through?: string[] };
  const fails = async (args: string[], { code, says, through = [] }: Expected) => {
    const everything = () => readdir(folder.path, { recursive: true });
    const before = await everything();
    const ran = await snapback(args, { through });
    for (const text of says) expect(ran.stderr).toContain(text);
    expect(ran.stderr).not.toMatch(/not foreseen|^\s+at /m);
    expect(ran.code).toBe(code);
    expect(await everything()).toEqual(before);
  };

  /** With all that a command may want to write in the folder `locked`, where nothing can be made or changed. */
  const inLocked = async (reason: string, through: string[]) => {
    const store = ['--store', at('locked', 'store')];
    const full = { code: 31, through };
    const another = 'choose another store with --store';
    await fails([...save(), ...store], { ...full, says: [reason, another, 'Nothing was stored.'] });
    await fails([...save(), '--store', at('locked', 'new')], { ...full, says: [reason, another] });
    await fails(['pin', 'latest', '--reason', 'mine', ...store], { ...full, says: [reason, another] });
    await fails(['verify', '--level', 'object', ...store], {
      ...full,
      says: ['was not recorded', reason, '--no-record'],
    });
    const target = { code: 1, through };
    await fails([...restore(), '--data-dir', at('locked', 'data')], {
      ...target,
      says: [`directory ${at('locked', 'data')}`, reason, 'name another directory', 'Nothing was restored.'],
    });
    await fails([...restore(), '--output', at('locked', 'x.db')], {
      ...target,
      says: [reason, 'name another folder', 'Nothing was restored.'],
    });
    await fails([...restore(), '--data-dir', at('data'), '--scratch', at('locked')], {
      ...target,
      says: [`folder ${at('locked')}`, reason, '--scratch DIR'],
    });
    // What only reads goes on.
    expect((await snapback(['list', ...store], { through })).code).toBe(0);
    expect((await snapback(['restore', ...store, '--output', at('x.db')], { through })).code).toBe(0);
    await rm(at('x.db'));
  };

  it.skipIf(!mounts)('on a file system that is mounted read-only', async () => {
    const script = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"';
    await using mount = await mounted(script, at('locked'));
    await inLocked('mounted read-only', mount.through);
  });

  it('in a folder that this user may not write', async () => {
    // Root writes through modes unless this right is taken away.
    const through =
      process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'] : [];
    const folders = [at('locked'), at('locked', 'store'), at('locked', 'store', 'default')];
    for (const path of folders) await chmod(path, 0o500);
    try {
      await inLocked('by this user (uid', through);
    } finally {
      for (const path of folders) await chmod(path, 0o700);
    }
  });

  it('because it is a file', async () => {
    const noFolder = { code: 31, says: ['is not a folder', 'Name a folder with --store'] };
    await fails([...save(), '--store', at('file')], noFolder);
    await fails([...save(), '--store', at('file', 'below')], noFolder);
    await fails(['list', '--store', at('file')], noFolder);
    const noDirectory = { code: 23, says: ['is not a directory', 'new or empty'] };
    await fails([...restore(), '--data-dir', at('file')], noDirectory);
    await fails([...restore(), '--data-dir', at('file', 'below')], noDirectory);
    await fails([...restore(), '--output', at('file')], { code: 23, says: ['is there already'] });
    await fails([...restore(), '--output', at('file', 'x.db')], {
      code: 1,
      says: ['a part of its path is a file', 'name another folder'],
    });
    await fails([...restore(), '--output', at('none', 'x.db')], {
      code: 1,
      says: ['the folder for it is not there', 'name another folder'],
    });
    for (const scratch of [at('file'), at('none')])
      await fails(['verify', '--store', at('store'), '--scratch', scratch], {
        code: 2,
        says: [`folder ${scratch}`, 'Name a folder that is there with --scratch DIR.'],
      });
    expect(await readFile(at('file'), 'utf8')).toBe('mine');
  });
});
