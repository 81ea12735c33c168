import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Programs } from '../src/programs/find.ts';
import { type RestoreOptions, restoreDataDir } from '../src/programs/restore.ts';
import { throwawayPeerUrl } from '../src/programs/throwaway-arguments.ts';
import { processesWith, until } from './support/processes.ts';
import { etcdctl, need, testedMinors } from './support/programs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { member, readyThrowaway, snapshotFile } from './support/throwaways.ts';

const options = (file: string, dataDir: string): RestoreOptions => ({
  file,
  dataDir,
  walDir: null,
  name: 'm0',
  initialCluster: `m0=${throwawayPeerUrl('m0')}`,
  initialClusterToken: 'one-of-its-own',
  initialAdvertisePeerUrls: [throwawayPeerUrl('m0')],
  skipHashCheck: false,
  bumpRevision: null,
  signal: new AbortController().signal,
});

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was restored'),
    error => error,
  );

/** Boots what was restored and reads the key that the snapshot has. */
const valueOfA = async (programs: Programs, scratch: string, dataDir: string): Promise<string> => {
  await using throwaway = await readyThrowaway(programs, scratch, [member('m0', dataDir)]);
  return await etcdctl(programs, throwaway.endpoints[0] ?? '', ['get', 'a', '--write-out=fields']);
};

for (const minor of testedMinors) {
  const programs = await need(minor);
  if (!programs) {
    test.skipIf(!programs)(`restore with etcd ${minor}`, () => {});
    continue;
  }
  describe(`restore with etcd ${programs.version}`, () => {
    test('into a directory that is new, and into one that is empty, which keeps its owner and mode', async () => {
      await using folder = await temporaryFolder();
      const file = await snapshotFile(programs, folder.path);
      const [fresh, empty] = [join(folder.path, 'some/new/data'), join(folder.path, 'empty')];
      await mkdir(join(empty, 'lost+found'), { recursive: true });
      await chmod(empty, 0o750);
      const owner = process.getuid?.() === 0 ? 4321 : (process.getuid?.() ?? 0);
      await chown(empty, owner, process.getgid?.() ?? 0);
      await restoreDataDir(programs, options(file, fresh));
      await restoreDataDir(programs, options(file, empty));
      expect(await readdir(fresh)).toEqual(['member']);
      expect((await stat(fresh)).mode & 0o777).toBe(0o700);
      expect((await readdir(empty)).sort()).toEqual(['lost+found', 'member']);
      expect((await stat(empty)).mode & 0o777).toBe(0o750);
      expect((await stat(empty)).uid).toBe(owner);
      expect((await stat(join(empty, 'member/snap/db'))).uid).toBe(owner);
      expect(await valueOfA(programs, folder.path, fresh)).toContain('"Value" : "1"');
      expect(await valueOfA(programs, folder.path, empty)).toContain('"Value" : "1"');
    });

    test('damaged bytes are an integrity error and leave nothing', async () => {
      await using folder = await temporaryFolder();
      const bytes = await readFile(await snapshotFile(programs, folder.path));
      const file = join(folder.path, 'damaged.db');
      const dataDir = join(folder.path, 'new/data');
      const flipped = Buffer.from(bytes);
      flipped[9000] = (flipped[9000] ?? 0) ^ 1;
      const damages: [Buffer, boolean, RegExp][] = [
        [flipped, false, /is damaged/],
        [bytes.subarray(0, -32), false, /has no SHA-256 at its end/],
        [bytes.subarray(0, 8192), true, /could not be restored: etcd.*says/],
        [Buffer.alloc(0), false, /could not be restored/],
      ];
      for (const [content, skipHashCheck, reason] of damages) {
        await writeFile(file, content);
        const error = await failure(restoreDataDir(programs, { ...options(file, dataDir), skipHashCheck }));
        expect(error).toMatchObject({ code: 'integrity', object: `snapshot file ${file}` });
        expect(error.reason).toMatch(reason);
        expect(await readdir(folder.path)).not.toContain('new');
      }
      await writeFile(file, bytes.subarray(0, -32));
      await restoreDataDir(programs, { ...options(file, dataDir), skipHashCheck: true });
      expect(await readdir(dataDir)).toEqual(['member']);
    });

    test('the revision is raised where etcd can, and refused where it cannot', async () => {
      await using folder = await temporaryFolder();
      const file = await snapshotFile(programs, folder.path);
      const dataDir = join(folder.path, 'data');
      const restored = restoreDataDir(programs, { ...options(file, dataDir), bumpRevision: 1_000_000 });
      if (minor === '3.4') {
        expect(await failure(restored)).toMatchObject({ code: 'refused', object: 'etcdctl 3.4.23' });
        expect(await readdir(folder.path)).not.toContain('data');
        return;
      }
      await restored;
      const revision = /"Revision" : (\d+)/.exec(await valueOfA(programs, folder.path, dataDir))?.[1];
      expect(Number(revision)).toBeGreaterThan(1_000_000);
    });

    test('the WAL goes where it should', async () => {
      await using folder = await temporaryFolder();
      const file = await snapshotFile(programs, folder.path);
      const walDir = join(folder.path, 'data/wal');
      await restoreDataDir(programs, { ...options(file, join(folder.path, 'data')), walDir });
      expect((await readdir(join(folder.path, 'data'))).sort()).toEqual(['member', 'wal']);
      expect(await readdir(join(folder.path, 'data/member'))).toEqual(['snap']);
      expect(await readdir(walDir)).toEqual(['0000000000000000-0000000000000000.wal']);
    });
  });
}

const programs = await need('3.6');
const unlessThere = test.skipIf(!programs);
const etcd36 = programs as Programs;

unlessThere('three members of one snapshot make one cluster', async () => {
  await using folder = await temporaryFolder();
  const file = await snapshotFile(etcd36, folder.path);
  const names = ['m0', 'm1', 'm2'];
  const initialCluster = names.map(name => `${name}=${throwawayPeerUrl(name)}`).join(',');
  const dataDirs = names.map(name => member(name, join(folder.path, name)));
  for (const { name, dataDir, peerUrl } of dataDirs) {
    const own = { name, initialCluster, initialAdvertisePeerUrls: [peerUrl] };
    await restoreDataDir(etcd36, { ...options(file, dataDir), ...own });
  }
  await using throwaway = await readyThrowaway(etcd36, folder.path, dataDirs);
  const [first = '', , last = ''] = throwaway.endpoints;
  await etcdctl(etcd36, first, ['put', 'b', '2']);
  expect(await etcdctl(etcd36, last, ['get', '', '--prefix'])).toBe('a\n1\nb\n2\n');
  expect((await etcdctl(etcd36, last, ['member', 'list'])).trim().split('\n')).toHaveLength(3);
});

unlessThere('a directory that is not empty is refused and stays as it was', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'never-read.db');
  const dataDir = join(folder.path, 'data');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'precious'), 'x');
  const error = await failure(restoreDataDir(etcd36, options(file, dataDir)));
  expect(error).toMatchObject({ code: 'refused', object: `directory ${dataDir}` });
  expect(error.reason).toContain('precious');
  const wal = await failure(
    restoreDataDir(etcd36, { ...options(file, join(folder.path, 'b')), walDir: dataDir }),
  );
  expect(wal).toMatchObject({ code: 'refused', object: `directory ${dataDir}` });
  const plain = await failure(restoreDataDir(etcd36, options(file, join(dataDir, 'precious'))));
  expect(plain).toMatchObject({ code: 'refused', reason: 'is not a directory' });
  expect(await readdir(folder.path)).toEqual(['data']);
  expect(await readdir(dataDir)).toEqual(['precious']);

  await rm(join(dataDir, 'precious'));
  await mkdir(join(dataDir, '.snapback-restore-killed'));
  const left = await failure(restoreDataDir(etcd36, options(file, dataDir)));
  expect(left.reason).toContain('a restore that is running or was killed');
});

unlessThere('a data directory in use is refused with the process that uses it', async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, 'data');
  await using _throwaway = await readyThrowaway(etcd36, folder.path, [member('m0', dataDir)]);
  const pids = await processesWith(`--data-dir=${dataDir}\0`);
  const error = await failure(restoreDataDir(etcd36, options('never-read.db', dataDir)));
  expect(error.code).toBe('refused');
  const [, pid] = /^is in use by a running etcd \(process (\d+)\)$/.exec(error.reason) ?? [];
  expect(pids).toContain(Number(pid));
});

unlessThere('names and URLs that do not fit are a usage error, not a bad snapshot', async () => {
  await using folder = await temporaryFolder();
  const file = await snapshotFile(etcd36, folder.path);
  const dataDir = join(folder.path, 'data');
  for (const wrong of [
    { name: 'other' },
    { initialCluster: 'm0=nonsense', initialAdvertisePeerUrls: ['nonsense'] },
    { initialAdvertisePeerUrls: ['unix://m1:1'] },
  ]) {
    const error = await failure(restoreDataDir(etcd36, { ...options(file, dataDir), ...wrong }));
    expect(error.code).toBe('usage');
  }
  expect(await readdir(folder.path)).not.toContain('data');
});

const root = process.getuid?.() === 0;
const small = test.skipIf(!root || !programs);

small(
  'a full disk is a failure of its own, not a bad snapshot, and the mount point stays',
  async ({ skip }) => {
    await using folder = await temporaryFolder();
    const file = await snapshotFile(etcd36, folder.path);
    const mount = join(folder.path, 'mount');
    await mkdir(mount);
    const run = promisify(execFile);
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]).then(
      () => true,
      () => false,
    );
    // Root in a container often may not.
    if (!mounted) return skip('nothing can be mounted here');
    try {
      const error = await failure(restoreDataDir(etcd36, options(file, mount)));
      expect(error).toMatchObject({ code: 'failed' });
      expect(error.reason).toContain('no space left on device');
      expect(await readdir(mount)).toEqual([]);
      await run('mount', ['-o', 'remount,size=200m', mount]);
      await restoreDataDir(etcd36, options(file, mount));
      expect(await readdir(mount)).toEqual(['member']);
    } finally {
      await run('umount', [mount]);
    }
  },
);

unlessThere('an abort ends the program, and nothing stays', async () => {
  await using folder = await temporaryFolder();
  // A pipe that nobody writes to: etcdutl waits for it.
  const file = join(folder.path, 'pipe.db');
  await promisify(execFile)('mkfifo', [file]);
  const controller = new AbortController();
  const reason = new Error('enough');
  const dataDir = join(folder.path, 'data');
  const restored = failure(restoreDataDir(etcd36, { ...options(file, dataDir), signal: controller.signal }));
  await until(async () => (await processesWith(file)).length > 0);
  controller.abort(reason);
  expect(await restored).toBe(reason);
  expect(await processesWith(file)).toEqual([]);
  expect(await readdir(folder.path)).toEqual(['pipe.db']);
});
