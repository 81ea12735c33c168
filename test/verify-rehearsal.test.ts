import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need, testedMinors } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const all = testedMinors.length > 1;
const [taken, other, refusing] = all ? (['3.7', '3.7', '3.6'] as const) : (['3.6', '3.6', null] as const);
const programs = await need(taken);

describe.skipIf(programs === null)('a drill on another version of etcd than the snapshot is of', () => {
  test('answers for that version, and is no verdict', async () => {
    await using folder = await temporaryFolder();
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await fill(cluster.settings(), { count: 50, size: 100 });
    const save = ['save', ...connection(cluster.settings()), '--compression', 'none'];
    const id = (await snapback([...save, '--store', folder.path, '--quiet'])).stdout.trim();
    const names = async () => (await readdir(join(folder.path, 'default'))).sort();
    const before = await names();
    const verify = (...args: string[]) => snapback(['verify', '--store', folder.path, ...args]);

    if (refusing) {
      const refused = await verify('--etcd-version', refusing);
      expect(refused.stdout).toMatch(
        /^NOT RESTORABLE ON etcd 3\.6 · .* · etcd started: .*does not boot: .*(downgrade|not supported).* · a rehearsal, which says nothing of its own 3\.7/,
      );
      expect(refused.stdout).not.toContain('newest good one');
      expect(refused.code).toBe(20);
      expect(await names()).toEqual(before);
    }

    const manifest = join(folder.path, 'default', `${id}.json`);
    const own = JSON.parse(await readFile(manifest, 'utf8'));
    own.etcd.version = '3.5.9';
    await writeFile(manifest, JSON.stringify(own));
    const ran = await verify('--etcd-version', other);
    expect(ran.stdout).toMatch(
      new RegExp(`^RESTORABLE ON etcd ${other} · a rehearsal, which proves nothing of its own 3\\.5\\.9 · `),
    );
    expect(ran.code).toBe(0);
    expect(await names()).toEqual(before);
    const { result } = JSON.parse((await verify('--etcd-version', other, '--json')).stdout);
    expect(result.verifications).toMatchObject([{ rehearsal: other, pass: true, verdict: null }]);

    // What is found before etcd has a say is found in the stored bytes, whichever version was to be tried.
    await writeFile(join(folder.path, 'default', `${id}.db`), 'damaged');
    const damaged = await verify('--etcd-version', other);
    expect(damaged.stdout).toMatch(/^NOT RESTORABLE · .* · stored object: /);
    expect(await names()).toHaveLength(before.length + 1);
  });
});
