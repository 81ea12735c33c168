/** `verify --expect` and `--compare-previous` on real snapshots, of which the second has lost most of its Secrets. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');

describe.skipIf(programs === null)('verify with expectations', () => {
  let cluster: EtcdCluster;
  let temporary: TemporaryFolder;
  let [older, newer] = ['', ''];

  const at = (level: string, args: string[]) =>
    snapback([
      ...['verify', '--level', level, '--store', temporary.path],
      ...['--scratch', join(temporary.path, 'scratch'), ...args],
    ]);
  const expecting = (...texts: string[]) => texts.flatMap(text => ['--expect', text]);
  const save = async () =>
    (
      await snapback(['save', ...connection(cluster.settings()), '--store', temporary.path, '--quiet'])
    ).stdout.trim();
  const stored = (name: string) => join(temporary.path, 'default', name);

  beforeAll(async () => {
    temporary = await temporaryFolder();
    await mkdir(join(temporary.path, 'scratch'));
    cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    const settings = cluster.settings();
    await fill(settings, { count: 100, size: 50, prefix: '/registry/secrets/default/' });
    await fill(settings, { count: 30, size: 50, prefix: '/registry/configmaps/default/' });
    await fill(settings, { count: 20, size: 50, prefix: '/app/settings/' });
    older = await save();
    const { signal } = new AbortController();
    await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
    // 1 and 10 to 19 stay.
    for (const [first, last] of ['01', '2:'].map(range => [...range]))
      await client.etcd3(
        (etcd3, options) =>
          etcd3.kv.deleteRange(
            {
              key: Buffer.from(`/registry/secrets/default/${first}`),
              range_end: Buffer.from(`/registry/secrets/default/${last}`),
            },
            options,
          ),
        { operation: 'delete', signal },
      );
    newer = await save();
  });
  afterAll(async () => {
    expect(await readdir(join(temporary.path, 'scratch')), 'nothing stays').toEqual([]);
    await cluster?.[Symbol.asyncDispose]();
    await temporary?.[Symbol.asyncDispose]();
  });

  test('all are met: one line, and the verdict has them', async () => {
    const met = expecting(
      'keys>=61',
      'keys<=61',
      'prefix:/registry/secrets/>=11',
      'prefix:/registry/>=41',
      'key:/app/settings/7',
      'age<=1h',
      'size>=16KiB',
      'shrink<=60%',
    );
    const ran = await at('content', [...met, '--compare-previous', '89%']);
    expect(ran.stderr).toContain('✓ expectations    9 of 9\n');
    expect(ran.stdout).toMatch(/^SOUND · [^·]+ · [^·]+\n$/);
    expect(ran.code).toBe(0);
    const verdict = (await readdir(stored(''))).find(name => name.includes('.content.pass.json'));
    const { expectations } = JSON.parse(await readFile(stored(verdict ?? ''), 'utf8'));
    expect(expectations[2]).toEqual({
      name: 'prefix:/registry/secrets/>=11',
      status: 'pass',
      detail: '11 keys',
      seconds: null,
    });
  });

  test('what is not met is named with what was found, ends with 20, and does not make the snapshot bad', async () => {
    const junit = join(temporary.path, 'report.xml');
    const unmet = expecting('keys>=1000', 'key:/registry/namespaces/kube-system', 'shrink<=10%', 'age<=1h');
    const ran = await at('drill', [...unmet, '--compare-previous', '50%', '--report', junit, '--json']);
    expect(ran.code).toBe(20);
    const { ok, result, error } = JSON.parse(ran.stdout);
    expect(ok).toBe(false);
    expect(error).toMatchObject({ code: 'integrity', cause: expect.stringContaining('is not as expected') });
    const [{ pass, expectations, verdict }] = result.verifications;
    expect([pass, verdict]).toEqual([true, expect.stringContaining('.drill.pass.json')]);
    const details = expectations.map((one: { status: string; detail: string }) => [one.status, one.detail]);
    expect(details).toEqual([
      ['fail', '61 keys'],
      ['fail', 'it is not there'],
      ['fail', expect.stringMatching(`^keys 150 → 61 \\(59.3 % less\\), in use .*; since ${older}$`)],
      ['pass', expect.stringContaining('0.0 h, taken ')],
      ['fail', `secrets 100 → 11 (89.0 % less); since ${older}`],
    ]);
    const xml = await readFile(junit, 'utf8');
    expect(xml).toContain('failures="4" errors="0"');
    expect(xml).toContain('<testcase name="expected keys&gt;=1000"');
    const listed = JSON.parse((await snapback(['list', '--store', temporary.path, '--json'])).stdout);
    expect(listed.result.clusters[0].snapshots[0]).toMatchObject({ id: newer, bad: false });
    const text = await at('content', unmet);
    expect(text.stderr).toMatch(/✗ keys>=1000 +61 keys\n/);
    expect(text.stderr).toMatch(/✗ expectations +1 of 4\n/);
    expect(text.stdout).toMatch(/^SOUND, BUT NOT AS EXPECTED · \S+ · keys>=1000: 61 keys; /);
  });

  test('what a level cannot know is skipped and named in the last line', async () => {
    const ran = await at('object', [...expecting('keys>=1', 'age<=1h', 'shrink<=99%'), '--no-record']);
    expect(ran.stderr).toMatch(/– keys>=1 +level object reads no keys\n/);
    expect(ran.stderr).toMatch(/– expectations +2 of 3\n/);
    expect(ran.stdout).toContain('not compared: expected keys>=1\n');
    expect(ran.code).toBe(0);
  });

  test('without a good snapshot before it, or one that cannot be read, nothing is compared and nothing passes', async () => {
    const first = await at('content', [older, '--no-record', '--compare-previous', '10%', '--json']);
    const { expectations } = JSON.parse(first.stdout).result.verifications[0];
    expect(expectations).toMatchObject([
      { status: 'skipped', detail: 'there is no good snapshot before it' },
    ]);
    const object = stored(`${older}.db.zst`);
    const whole = await readFile(object);
    await writeFile(object, 'damaged');
    const ran = await at('content', ['--no-record', '--compare-previous', '10%']);
    await writeFile(object, whole);
    expect(ran.stdout).toContain('not compared: expected compare-previous 10%\n');
    expect(ran.stderr).toContain(`${older}, the one before, could not be read: `);
    expect(ran.code).toBe(0);
  });

  test('the config file has them, each of several snapshots its own, and a last line adds up', async () => {
    const config = join(temporary.path, 'snapback.yaml');
    await writeFile(config, 'expect: ["keys>=100", "prefix:/app/>=20"]\ncompare-previous: 95%\n');
    const ran = await at('content', ['--config', config, '--last', '2', '--no-record']);
    expect(ran.stdout.trim().split('\n').at(-1)).toBe(
      '2 snapshots: 1 NOT AS EXPECTED, 1 sound, not restored',
    );
    expect(ran.code).toBe(20);
  });

  test('one that cannot be read is a mistake, before anything is opened', async () => {
    const ran = await at('content', expecting('kyes>=1', 'age<1h'));
    expect(ran.stderr).toContain('"kyes>=1" (did you mean keys>=1000?); "age<1h" (did you mean age<=26h?)');
    expect(ran.code).toBe(2);
  });

  test('a file has no snapshot before it', async () => {
    const file = stored(`${older}.db.zst`);
    const ran = await at('content', [file, ...expecting('keys>=150', 'shrink<=5%'), '--json']);
    const { expectations } = JSON.parse(ran.stdout).result.verifications[0];
    expect(expectations.map(({ status }: { status: string }) => status)).toEqual(['pass', 'skipped']);
    expect(ran.code).toBe(0);
  });
});
