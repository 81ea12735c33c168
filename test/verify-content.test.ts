import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Manifest } from '../src/catalog/manifest.ts';
import { openClient } from '../src/etcd/client.ts';
import { snapshotInto } from './support/database-file.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need, testedMinors } from './support/programs.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`verify --level content, of etcd ${minor}`, () => {
    let cluster: EtcdCluster;
    let temporary: TemporaryFolder;
    let scratch: string;

    beforeAll(async () => {
      temporary = await temporaryFolder();
      scratch = join(temporary.path, 'scratch');
      await mkdir(scratch);
      cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
      await writeHistory(cluster);
    });
    afterAll(async () => {
      expect(await readdir(scratch), 'nothing stays in the scratch folder').toEqual([]);
      await cluster?.[Symbol.asyncDispose]();
      await temporary?.[Symbol.asyncDispose]();
    });

    let stores = 0;
    /** A snapshot in a store of its own. Uncompressed there is nothing that binds the manifest to the object. */
    const saved = async (...more: string[]) => {
      const store = join(temporary.path, `store-${++stores}`);
      const save = ['save', ...connection(cluster.settings()), '--store', store, '--compression', 'none'];
      const ran = await snapback([...save, '--quiet', ...more]);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      const id = ran.stdout.trim();
      const file = (end: string) => join(store, 'default', `${id}${end}`);
      const run = (command: string, ...args: string[]) =>
        snapback([command, ...args, '--store', store, '--scratch', scratch]);
      return {
        id,
        verify: (...args: string[]) => run('verify', ...args),
        list: async () => {
          const { stdout } = await snapback(['list', '--store', store, '--json']);
          return JSON.parse(stdout).result.clusters[0].snapshots[0];
        },
        edit: async (change: (manifest: Manifest) => void) => {
          const manifest = JSON.parse(await readFile(file('.json'), 'utf8'));
          change(manifest);
          await writeFile(file('.json'), JSON.stringify(manifest));
        },
        object: file('.db'),
      };
    };

    /** What was checked, and how each ended. */
    const checks = ({ stdout }: Ran): Record<string, string> =>
      Object.fromEntries(
        JSON.parse(stdout).result.verifications[0].checks.map((one: { name: string; status: string }) => [
          one.name,
          one.status,
        ]),
      );

    test('reads the database without etcd, and says that nothing was restored', async () => {
      const snapshot = await saved();
      const ran = await snapshot.verify('--level', 'content', '--etcd-bin', '/nowhere');
      expect(ran.stderr).toMatch(/✓ stored object .*hash as recorded/);
      expect(ran.stderr).toMatch(/✓ content .*, etcd's SHA-256 matches/);
      expect(ran.stderr).toMatch(/✓ database {8}[\d,]+ pages, revision [\d,]+, 451 keys/);
      expect(ran.stderr).toMatch(/✓ same as living {2}HashKV \d+, 451 keys at revision [\d,]+/);
      expect(ran.stdout).toMatch(/^SOUND · read without etcd, not proven by a restore · /);
      expect(ran.code).toBe(0);
      expect(await snapshot.list()).toMatchObject({ verified: null, bad: false });
    });

    test('a drill reads it too, and then compares the restored etcd with it, with a fingerprint or without', async () => {
      const all = ['stored object', 'content', 'database', 'same as living', 'restored', 'etcd started'];
      const passes = Object.fromEntries([...all, 'same as file', 'usable'].map(name => [name, 'pass']));
      const snapshot = await saved();
      expect(checks(await snapshot.verify('--json'))).toEqual(passes);
      const without = await saved('--fingerprint', 'off');
      const ran = await without.verify('--json');
      expect(checks(ran)).toEqual({ ...passes, 'same as living': 'skipped' });
      expect(ran.stdout).toMatch(/HashKV \d+, 451 keys at revision/);
      expect(ran.code).toBe(0);
    });

    test('a value that is not what it was is found by HashKV, although every hash of the file is right', async () => {
      const snapshot = await saved();
      const bytes = await readFile(snapshot.object);
      const at = bytes.lastIndexOf('the value to change');
      bytes.write('THE', at);
      createHash('sha256')
        .update(bytes.subarray(0, -32))
        .digest()
        .copy(bytes, bytes.length - 32);
      await writeFile(snapshot.object, bytes);
      const sha256 = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      await snapshot.edit(manifest => {
        manifest.object.sha256 = sha256;
        manifest.plain.sha256 = sha256;
      });
      const ran = await snapshot.verify('--level', 'content');
      expect(ran.stdout).toMatch(/^NOT RESTORABLE · .* same as living: HashKV \d+, 451 keys recorded at /);
      expect(ran.code).toBe(20);
      expect(await snapshot.list()).toMatchObject({ bad: true });
      // It restores and boots: so it is found before.
      const drilled = checks(await snapshot.verify('--json', '--no-record'));
      expect(drilled).toMatchObject({ 'same as living': 'fail' });
      expect(drilled).not.toHaveProperty('restored');
      // Only the same level or a higher one lifts it.
      expect((await snapshot.verify('--level', 'object')).code).toBe(0);
      expect(await snapshot.list()).toMatchObject({ bad: true });
      await snapshot.edit(manifest => {
        manifest.fingerprint = null;
        manifest.fingerprintSkipped = 'it was lost';
      });
      // Of two verdicts of the same second the fail counts.
      await sleep(1000);
      expect((await snapshot.verify('--level', 'content')).code).toBe(0);
      expect(await snapshot.list()).toMatchObject({ bad: false, verified: null });
    });

    test('where the compact revision moved nothing is compared, and that is said last', async () => {
      const snapshot = await saved();
      await snapshot.edit(({ fingerprint }) => {
        if (!fingerprint) throw new Error('no fingerprint');
        fingerprint.compactRevision -= 1;
        fingerprint.hashKV = 1;
      });
      const ran = await snapshot.verify('--level', 'content');
      expect(ran.stderr).toMatch(
        /– same as living {2}not comparable: compacted to \d+ in the snapshot, compacted to \d+ when the hash was taken/,
      );
      expect(ran.stdout).toMatch(/^SOUND · .* · not compared: same as living$/m);
      expect(ran.code).toBe(0);
    });

    test('a database that is older than its manifest says is not believed', async () => {
      const snapshot = await saved();
      await snapshot.edit(({ etcd }) => {
        if (etcd.revisionBefore !== null) etcd.revisionBefore += 1;
      });
      const ran = await snapshot.verify('--level', 'content');
      expect(ran.stdout).toMatch(/NOT RESTORABLE .* is at revision [\d,]+, but the living cluster was at/);
      expect(ran.code).toBe(20);
    });

    test('a restore that makes something else of the file is found', async () => {
      const { object } = await saved();
      const [asked, bin] = [join(temporary.path, 'asked.db'), join(temporary.path, 'bin')];
      const bytes = await readFile(object);
      bytes.write('THE', bytes.lastIndexOf('the value to change'));
      await writeFile(asked, bytes);
      await mkdir(bin);
      for (const name of ['etcd', 'etcdctl', 'etcdutl'] as const) {
        // Restores the one file, whichever it is asked for.
        const script = `#!/bin/bash\nexec ${programs?.[name]} "\${@/%*.db/${object}}"\n`;
        if (programs?.[name]) await writeFile(join(bin, name), script, { mode: 0o755 });
      }
      const verify = ['verify', asked, '--skip-hash-check', '--etcd-version', minor, '--etcd-bin', bin];
      const ran = await snapback([...verify, '--scratch', scratch]);
      expect(ran.stderr).toMatch(/✗ same as file .*has other keys or values than the file: HashKV \d+/);
      expect(ran.code).toBe(20);
    });

    test('a file of etcdctl is read where it is; without its hash only when that is asked for, and said last', async () => {
      if (!programs) return;
      const file = join(temporary.path, 'theirs.db');
      await snapshotInto(file, cluster, programs);
      const bytes = await readFile(file);
      const verify = (path: string, ...more: string[]) =>
        snapback([
          'verify',
          path,
          '--level',
          'content',
          '--scratch',
          scratch,
          '--etcd-bin',
          '/nowhere',
          ...more,
        ]);
      const good = await verify(file);
      expect(good.stdout).toMatch(/^SOUND · .* · not compared: same as living$/m);
      expect(good.code).toBe(0);

      const bare = join(temporary.path, 'bare.db');
      await writeFile(bare, bytes.subarray(0, -32));
      const refused = await verify(bare);
      expect(refused.stdout).toMatch(/NOT RESTORABLE .*has no SHA-256 of etcd at its end/);
      expect(refused.code).toBe(20);
      const skipped = await verify(bare, '--skip-hash-check');
      expect(skipped.stdout).toMatch(/^SOUND · .* · not compared: SHA-256, same as living$/m);
      expect(skipped.code).toBe(0);

      const damaged = join(temporary.path, 'damaged.db');
      await writeFile(damaged, damagedPage(bytes));
      const found = await verify(damaged, '--skip-hash-check');
      expect(found.stdout).toMatch(
        /NOT RESTORABLE .* database: .*damaged\.db is damaged in page \d+, at byte \d+/,
      );
      expect(found.code).toBe(20);
      expect((await readFile(file)).equals(bytes), 'it is only read').toBe(true);
      expect((await verify(join(temporary.path, 'none.db'))).code).toBe(22);
    });
  });
}

/** One leaf in use says that it is another page. */
const damagedPage = (bytes: Buffer): Buffer => {
  const damaged = Buffer.from(bytes);
  const page = Math.floor(damaged.lastIndexOf('the value to change') / 4096);
  damaged.writeUInt8(damaged.readUInt8(page * 4096) ^ 1, page * 4096);
  return damaged;
};

const writeHistory = async (cluster: EtcdCluster): Promise<void> => {
  const settings = cluster.settings();
  for (let round = 0; round < 2; round++) await fill(settings, { count: 500, size: 200 });
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  await client.etcd3(
    async ({ kv }, options) => {
      for (let i = 0; i < 50; i++) await kv.deleteRange({ key: Buffer.from(`key-${i}`) }, options);
      await kv.compact({ revision: 20, physical: true }, options);
      await kv.put({ key: Buffer.from('the key'), value: Buffer.from('the value to change') }, options);
    },
    { operation: 'write a history', signal },
  );
};
