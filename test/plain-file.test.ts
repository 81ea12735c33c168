/** Files of `etcdctl snapshot save` through the command: which etcd they are of is said by the file from 3.6 on. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { snapshotInto } from './support/database-file.ts';
import { startEtcd } from './support/etcd.ts';
import { need, testedMinors } from './support/programs.ts';
import { snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const peer = ['--initial-advertise-peer-urls', 'http://127.0.0.1:1'];

for (const minor of testedMinors) {
  const programs = await need(minor);
  const silent = minor === '3.4' || minor === '3.5';

  describe.skipIf(programs === null)(`a file of etcdctl ${minor}`, () => {
    let folder: TemporaryFolder;
    let file: string;

    beforeAll(async () => {
      folder = await temporaryFolder();
      file = join(folder.path, 'theirs.db');
      if (!programs) return;
      await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      await snapshotInto(file, cluster, programs);
    });
    afterAll(() => folder[Symbol.asyncDispose]());

    const byItself = async () => {
      const verified = await snapback(['verify', file, '--json']);
      expect(verified.code).toBe(0);
      expect(JSON.parse(verified.stdout).result.verifications[0]).toMatchObject({
        pass: true,
        etcdVersion: minor,
        programs: { etcd: programs?.version, etcdutl: programs?.version },
      });
      const dataDir = join(folder.path, 'data');
      const restored = await snapback(['restore', file, '--data-dir', dataDir, ...peer]);
      expect(restored.stdout).toContain(`etcd ${minor}`);
      expect(restored.stdout).toContain(`etcdutl ${programs?.version}`);
      expect(restored.code).toBe(0);
      expect(await readdir(dataDir)).toContain('member');
    };

    const byFlag = async () => {
      const dataDir = join(folder.path, 'data');
      for (const args of [
        ['verify', file],
        ['restore', file, '--data-dir', dataDir, ...peer],
      ]) {
        const ran = await snapback(args);
        expect(ran.code).toBe(2);
        expect(ran.stderr).toContain(`file ${file} does not say which version of etcd it was taken from`);
        expect(ran.stderr).toContain('Say it: --etcd-version 3.4|3.5|3.6|3.7');
      }
      expect((await snapback(['verify', file, '--etcd-version', minor])).code).toBe(0);
      const restored = await snapback([
        'restore',
        file,
        '--etcd-version',
        minor,
        '--data-dir',
        dataDir,
        ...peer,
      ]);
      expect(restored.code).toBe(0);
      expect(await readdir(dataDir)).toContain('member');
    };

    test('becomes the same file again, whatever it was packed in', async () => {
      const bytes = await readFile(file);
      const packed = { gz: gzipSync(bytes), zst: zstdCompressSync(bytes) };
      for (const [ending, content] of Object.entries({ ...packed, 'a.db': bytes })) {
        const path = join(folder.path, `packed.${ending}`);
        const output = join(folder.path, `out-${ending}.db`);
        await writeFile(path, content);
        const ran = await snapback(['restore', path, '--output', output]);
        expect(ran.code).toBe(0);
        expect((await readFile(output)).equals(bytes)).toBe(true);
      }
    });

    test('is read by a dry run, which leaves nothing behind', async () => {
      const [work, scratch] = [join(folder.path, 'dry'), join(folder.path, 'scratch')];
      await Promise.all([mkdir(work), mkdir(scratch)]);
      const path = join(work, 'theirs.db.gz');
      await writeFile(path, gzipSync(await readFile(file)));
      const plan = ['restore', path, '--etcd-version', minor, '--scratch', scratch, '--dry-run', '--json'];
      const data = await snapback([...plan, '--data-dir', join(work, 'data'), ...peer]);
      expect(data.code).toBe(0);
      expect(JSON.parse(data.stdout).result).toMatchObject({
        done: false,
        plan: {
          etcdVersion: minor,
          program: { version: programs?.version },
          space: { needed: 2 * (await readFile(file)).length + 130 * 2 ** 20 },
        },
      });
      const bare = await snapback([...plan, '--output', join(work, 'out.db')]);
      expect(bare.code).toBe(0);
      expect(await readdir(work)).toEqual(['theirs.db.gz']);
      expect(await readdir(scratch)).toEqual([]);
    });

    test('that is cut short is found out without its hash too', async () => {
      const cut = join(folder.path, 'cut.db');
      const bytes = await readFile(file);
      await writeFile(cut, bytes.subarray(0, bytes.length - 32 - 4096));
      const verify = ['verify', cut, '--etcd-version', minor];
      const hashed = await snapback(verify);
      expect(hashed.code).toBe(20);
      expect(hashed.stdout).toContain('it is cut short');
      const skipped = await snapback([...verify, '--skip-hash-check']);
      expect(skipped.code).toBe(20);
      expect(skipped.stdout).toMatch(/NOT RESTORABLE .*it is cut short/);
      const output = join(folder.path, 'never.db');
      const restored = await snapback(['restore', cut, '--skip-hash-check', '--output', output]);
      expect(restored.code).toBe(20);
      expect(await readdir(folder.path)).not.toContain('never.db');
      expect((await readdir(folder.path)).filter(name => name.endsWith('.part'))).toEqual([]);
    });

    test('that lies bare is looked into before all of it is read, so that a missing flag is said at once', async () => {
      const damaged = join(folder.path, 'damaged.db');
      const bytes = await readFile(file);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      await writeFile(damaged, bytes);
      const restore = ['restore', damaged, '--etcd-version', minor, '--data-dir', join(folder.path, 'never')];
      const without = await snapback(restore);
      expect(without.stderr).toContain('--initial-advertise-peer-urls');
      expect(without.code).toBe(2);
      expect((await snapback([...restore, ...peer])).code).toBe(20);
      expect((await snapback(['verify', damaged, '--etcd-version', minor])).code).toBe(20);
    });

    const newerThanKnown = async () => {
      const newer = join(folder.path, 'newer.db');
      const bytes = await readFile(file);
      for (let at = bytes.indexOf(`${minor}.0term`); at >= 0; at = bytes.indexOf(`${minor}.0term`))
        bytes.write('3.9', at);
      await writeFile(newer, bytes);
      const ran = await snapback(['verify', newer, '--skip-hash-check']);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(`file ${newer} was taken from etcd 3.9, which this program does not know`);
    };

    // Whole tests, not skips: each version has what it has.
    if (silent) test('does not say its version, so the flag that does is asked for', byFlag);
    else {
      test('is verified and restored by the version that it says itself', byItself);
      test('of a version that is not known says which', newerThanKnown);
    }
  });
}
