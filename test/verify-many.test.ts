import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');

describe.skipIf(programs === null)('verify of several snapshots in one run', () => {
  let cluster: EtcdCluster;
  let temporary: TemporaryFolder;
  let scratch: string;
  const ids: string[] = [];

  const verify = (...args: string[]) =>
    snapback(['verify', '--store', temporary.path, '--scratch', scratch, ...args]);
  const verdicts = async () =>
    (await readdir(join(temporary.path, 'default'))).filter(name => name.includes('.verify.')).length;

  beforeAll(async () => {
    temporary = await temporaryFolder();
    scratch = join(temporary.path, 'scratch');
    await mkdir(scratch);
    cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await fill(cluster.settings(), { count: 50, size: 100 });
    for (let i = 0; i < 3; i++) {
      const save = ['save', ...connection(cluster.settings()), '--store', temporary.path, '--quiet'];
      ids.unshift((await snapback(save)).stdout.trim());
    }
  });
  afterAll(async () => {
    expect(await readdir(scratch), 'nothing stays in the scratch folder').toEqual([]);
    await cluster?.[Symbol.asyncDispose]();
    await temporary?.[Symbol.asyncDispose]();
  });

  test('a nightly run checks all objects and drills one; the last line adds up', async () => {
    const ran = await verify('--level', 'object', '--sample', '1');
    expect(ran.stdout.match(/^RESTORABLE · /gm)).toHaveLength(1);
    expect(ran.stdout.match(/^STORED AS RECORDED · not restored · /gm)).toHaveLength(2);
    expect(ran.stdout.trim().split('\n').at(-1)).toBe(
      '3 snapshots: 1 restorable, proven by a restore, 2 stored as recorded, not restored',
    );
    expect(ran.code).toBe(0);
    // Of this test, or of another that runs beside it: all of them keep their data where this one has its scratch.
    expect(ran.stderr).toMatch(/scratch folder .* is on the disk of a running etcd \(process \d+\)/);
    expect((await verify('--level', 'content', '--no-record')).stderr).not.toContain('running etcd');
    expect(await verdicts()).toBe(3);
  });

  test('--all-unverified drills what is left, and then has nothing to do', async () => {
    const ran = await verify('--all-unverified', '--json');
    const { result } = JSON.parse(ran.stdout);
    expect(
      result.verifications.map((one: { level: string; pass: boolean }) => [one.level, one.pass]),
    ).toEqual([
      ['drill', true],
      ['drill', true],
    ]);
    expect(result.notVerified).toEqual([]);
    const again = await verify('--all-unverified');
    expect(again.stdout).toBe('Nothing to verify: no snapshot is left by what was asked for.\n');
    expect(again.code).toBe(0);
    const before = await verdicts();
    expect((await verify('--older-than', '1d', '--quiet')).stdout.trim()).toBe('');
    expect(await verdicts()).toBe(before);
  });

  test('goes through all of them when one is damaged and one cannot be read, and ends with the worst', async () => {
    const file = (id: string | undefined, end: string) => join(temporary.path, 'default', `${id}${end}`);
    await writeFile(file(ids[1], '.db.zst'), 'damaged');
    await writeFile(file(ids[2], '.json'), '{ "format": 99 }');
    const ran = await verify('--last', '3', '--level', 'content');
    const lines = ran.stdout.trim().split('\n');
    expect(lines.slice(0, 3)).toEqual([
      expect.stringMatching(`^SOUND · .*${ids[0]}`),
      expect.stringMatching(`^NOT RESTORABLE · ${ids[1]} · stored object: `),
      expect.stringMatching(`^COULD NOT BE VERIFIED · ${ids[2]} · `),
    ]);
    expect(lines.at(-1)).toBe(
      '3 snapshots: 1 NOT RESTORABLE, 1 could not be verified, 1 sound, not restored',
    );
    expect(ran.code).toBe(20);
    const { result } = JSON.parse((await verify('--last', '3', '--level', 'object', '--json')).stdout);
    expect(result.notVerified).toMatchObject([{ snapshot: ids[2], error: { code: 'refused' } }]);
    // What is known to be bad has no proof, and is looked at again.
    expect((await verify('--all-unverified', '--last', '2')).code).toBe(20);
  });

  test('naming some and choosing among all is a mistake, and an empty store no good news', async () => {
    const both = await verify('latest', '--last', '2');
    expect(both.stderr).toContain('choose among all');
    expect(both.code).toBe(2);
    expect((await verify('--last', '2', '--cluster', 'none')).code).toBe(22);
  });
});
