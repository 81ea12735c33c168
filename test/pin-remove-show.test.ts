import { expect, test } from 'vitest';
import { toTime } from '../src/cli/time.ts';
import type { ShowResult } from '../src/job/show.ts';
import { printable } from '../src/report/printable.ts';
import { daily, keptStore } from './support/kept-store.ts';
import { putSample, sampleManifest, sampleSha256 } from './support/snapshot-sample.ts';

const three = daily(10, 12).map(id => `2025${id.slice(4)}`);
const [first = '', second = '', newest = ''] = three;
const { signal } = new AbortController();

const verdict = (id: string, level: string, pass: boolean) => ({
  name: `${id}.verify.20251220T000000Z-00000${pass ? 1 : 0}.${level}.${pass ? 'pass' : 'fail'}.json`,
  body: {
    format: 1,
    kind: 'verdict',
    snapshot: id,
    manifest: sampleSha256,
    level,
    pass,
    started: '2025-12-20T00:00:00Z',
    seconds: 8.6,
    recoverySeconds: null,
    tool: 'etcd-snapback 0.1.0',
    programs: { etcd: null, etcdutl: null },
    checks: [
      { name: 'stored-object', status: 'pass', detail: 'as recorded', seconds: 0.1 },
      { name: 'content', status: pass ? 'skipped' : 'fail', detail: 'bad \u001b[2Jbytes', seconds: null },
    ],
    expectations: [],
  },
});

test('a pin keeps a snapshot from prune and from remove, until it is taken away', async () => {
  await using kept = await keptStore(three);
  const pinned = await kept.run('pin', '20251110', '--reason', 'before the upgrade');
  expect(pinned).toEqual({ code: 0, stdout: `pinned ${first}: before the upgrade\n`, stderr: '' });
  const again = await kept.json<unknown>('pin', first, '--reason', 'another');
  expect(again.document).toMatchObject({
    ok: true,
    result: { id: first, pinned: true, changed: false, reason: 'before the upgrade' },
  });
  expect((await kept.run('prune', '--keep-last', '2')).stdout).toContain('Nothing to remove');
  for (const insist of [[], ['--even-newest']]) {
    const refused = await kept.run('remove', first, '--reason', 'test', ...insist);
    expect(refused.code).toBe(23);
    expect(refused.stderr).toContain('pinned');
    expect(refused.stderr).toContain('unpin');
  }
  expect(await kept.files(first)).toHaveLength(3);
  expect((await kept.run('unpin', first)).stdout).toContain(`unpinned ${first}`);
  expect(await kept.run('unpin', first)).toMatchObject({ code: 0, stdout: `${first} was not pinned\n` });
  expect((await kept.run('prune', '--keep-last', '2')).stdout).toContain('Removed 1 of 3');
  expect(await kept.files(first)).toEqual([]);
});

test('remove takes one snapshot for a reason, and nothing else', async () => {
  await using kept = await keptStore(three);
  const without = await kept.run('remove', second);
  expect(without.code).toBe(2);
  expect(without.stderr).toContain('--reason');
  expect(await kept.files('2025')).toHaveLength(6);
  const ran = await kept.run('remove', second, '--reason', 'leaked');
  expect(ran).toEqual({ code: 0, stdout: `removed ${second} of prod, 5 B: leaked\n`, stderr: '' });
  expect(await kept.files('2025')).toEqual([first, newest].flatMap(id => [`${id}.db.zst.age`, `${id}.json`]));
  const gone = await kept.json<unknown>('remove', second, '--reason', 'leaked');
  expect(gone.code).toBe(22);
  expect(gone.document).toMatchObject({ ok: false, result: null, error: { code: 'not-found' } });
});

test('the newest good and the newest verified one go only by --even-newest', async () => {
  await using kept = await keptStore(three);
  await kept.put(verdict(second, 'drill', true).name);
  for (const [id, why] of [
    [second, 'the newest verified snapshot'],
    [newest, 'the newest good snapshot'],
  ] as const) {
    const refused = await kept.run('remove', id, '--reason', 'test');
    expect(refused.code).toBe(23);
    expect(refused.stderr).toContain(why);
    expect(refused.stderr).toContain('--even-newest');
    expect((await kept.files(id)).length).toBeGreaterThan(1);
    expect((await kept.run('remove', id, '--reason', 'test', '--even-newest')).code).toBe(0);
    expect(await kept.files(id)).toEqual([]);
  }
  expect(await kept.files(first)).toHaveLength(2);
});

test('a damaged one can be removed and does not stand for a good one; a stranger cannot', async () => {
  await using kept = await keptStore([first]);
  await kept.put(`${newest}.db.zst`);
  await kept.put(`${newest}.json`, '{');
  await putSample(kept.store, second, { lineage: 'f'.repeat(32) });
  expect((await kept.run('remove', first, '--reason', 'test')).code).toBe(23);
  const stranger = await kept.run('remove', second, '--reason', 'test', '--even-newest');
  expect(stranger.code).toBe(23);
  expect(stranger.stderr).toContain('lineage');
  expect((await kept.run('pin', second)).code).toBe(23);
  expect((await kept.run('remove', newest, '--reason', 'damaged')).code).toBe(0);
  expect(await kept.files('2025')).toEqual([first, second].flatMap(id => [`${id}.db.zst.age`, `${id}.json`]));
});

test('remove finishes a removal that was cut off', async () => {
  await using kept = await keptStore(three);
  await kept.put(`${first}.removed`);
  const ran = await kept.run('remove', first, '--reason', 'leaked');
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining(`removed ${first}`) });
  expect(await kept.files(first)).toEqual([]);
  await kept.put(`${second}.removed`);
  await kept.put(`${second}.pin`);
  expect((await kept.run('remove', second, '--reason', 'leaked')).code).toBe(23);
  expect(await kept.files(second)).toEqual([`${second}.db.zst.age`, `${second}.json`, `${second}.pin`]);
});

test.each(['remove', 'pin', 'unpin', 'show'])('%s wants exactly one snapshot that is there', async name => {
  await using kept = await keptStore(three);
  const reason = name === 'remove' ? ['--reason', 'test'] : [];
  const before = await kept.files();
  const ambiguous = await kept.run(name, '2025111', ...reason);
  expect(ambiguous.code).toBe(2);
  expect(ambiguous.stderr).toContain(`fits 3: ${newest}, ${second}, ${first}`);
  expect((await kept.run(name, 'dead', ...reason)).code).toBe(22);
  expect((await kept.run(name, '../x', ...reason)).code).toBe(2);
  expect((await kept.run(name, ...reason)).code).toBe(2);
  expect(await kept.files()).toEqual(before);
});

test('show tells a person everything, and its control characters do nothing', async () => {
  await using kept = await keptStore([]);
  const labels = { reason: 'red \u001b[31m \u202e line\nbreak' };
  await putSample(kept.store, first, { labels });
  const failed = verdict(first, 'content', false);
  await kept.put(failed.name, JSON.stringify(failed.body));
  await kept.put(`${first}.pin`, 'keep \u0007 it\n');
  const ran = await kept.run('show', 'latest');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const lines = ran.stdout.split('\n');
  expect(lines[0]).toMatch(new RegExp(`^${first} of prod: BAD, content failed 2025-12-20T00:00:00Z`));
  for (const [name, text] of [
    [
      'taken',
      /^2025-11-10T06:18:07Z \(.*\) in 2\.5 s from https:\/\/10\.0\.0\.11:2379 \(leader, member 8e9e05c52164694d\)$/,
    ],
    ['bound', /^HashKV 2844868205 at revision 1,234 .*8,119 keys/],
    ['etcd', /^3\.6\.16, storage 3\.6\.0, cluster cdf818194e3a8c32, .*revision 1,234 to 1,240, auth off$/],
    ['alarm', /^NOSPACE of member 8e9e05c52164694d$/],
    ['member', /^m0 8e9e05c52164694d, peers https:\/\/10\.0\.0\.11:2380/],
    ['plain', /^88 KiB, sha256:5e5e/],
    ['object', new RegExp(`^${first}.db.zst.age, 5 B, zstd, sha256:5e5e`)],
    ['key', /^age for age1qqqq$/],
    ['pinned', /^keep \\x07 it$/],
    ['label', /^reason=red \\x1b\[31m \\u\{202e\} line\\nbreak$/],
    ['verdict', /^content FAILED 2025-12-20T00:00:00Z .*8\.6 s/],
  ] as const) {
    const line = lines.find(one => one.startsWith(name.padEnd(10)));
    expect(line?.slice(10), name).toMatch(text);
  }
  expect(ran.stdout).toContain('fail: content: bad \\x1b[2Jbytes');
  expect(ran.stdout).not.toContain('stored-object');
  expect(ran.stdout.replaceAll('\n', '')).toBe(printable(ran.stdout.replaceAll('\n', '')));
});

test('show gives a script the manifest as it is stored, and what follows from the rest', async () => {
  await using kept = await keptStore(three);
  const passed = verdict(second, 'drill', true);
  await kept.put(passed.name, JSON.stringify(passed.body));
  const { code, document } = await kept.json<ShowResult>('show', 'latest-verified');
  expect(code).toBe(0);
  expect(document).toMatchObject({
    command: 'show',
    ok: true,
    error: null,
    result: {
      verdicts: [{ name: passed.name, level: 'drill', pass: true, body: passed.body, ofThisManifest: false }],
      pinned: null,
      bad: false,
      failed: null,
      verified: { time: '2025-12-20T00:00:00.000Z' },
    },
  });
  expect(document.result.manifest).toEqual(sampleManifest(second));
  await kept.put(`${second}.verify.20251221T000000Z-000000.object.pass.json`, '{');
  const damaged = await kept.json<ShowResult>('show', second);
  expect(damaged.code).toBe(0);
  expect(damaged.document.result.verdicts[0]).toMatchObject({
    body: null,
    error: expect.stringContaining('JSON'),
  });
});

test('show says that the object is missing, and that a manifest is damaged', async () => {
  await using kept = await keptStore(three);
  await kept.store.remove(`prod/${first}.db.zst.age`, { signal });
  const missing = await kept.run('show', first);
  expect(missing.stdout).toContain('BAD, the object is missing');
  expect(missing.stdout).toMatch(/object .*MISSING/);
  await kept.store.remove(`prod/${second}.json`, { signal });
  await kept.put(`${second}.json`, '{}');
  const damaged = await kept.run('show', second);
  expect(damaged).toMatchObject({ code: 20, stdout: '' });
});

test('--before chooses by time', async () => {
  await using kept = await keptStore(three);
  const shown = async (...args: string[]) =>
    (await kept.run('show', 'latest', '--quiet', ...args)).stdout.trim();
  expect(await shown()).toBe(newest);
  expect(await shown('--before', '2025-11-12')).toBe(second);
  expect(await shown('--before', '2025-11-12T07:18:07+01:00')).toBe(newest);
  const none = await kept.run('show', 'latest', '--before', '2025-01-01');
  expect(none.code).toBe(22);
  const wrong = await kept.run('show', 'latest', '--before', 'yesterday');
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('--before "yesterday" is no time');
  expect((await kept.run('show', first, '--before', '2025-11-12')).code).toBe(2);
});

test('a time is RFC 3339, a date or a duration ago, and UTC where nothing else is said', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  const told = (text: string) => toTime(text, now).toISOString();
  expect(told('2026-11-22')).toBe('2026-11-22T00:00:00.000Z');
  expect(told('2026-11-22T06:18:07')).toBe('2026-11-22T06:18:07.000Z');
  expect(told('2026-11-22t06:18:07.25z')).toBe('2026-11-22T06:18:07.250Z');
  expect(told('2026-11-22 06:18:07-02:30')).toBe('2026-11-22T08:48:07.000Z');
  expect(told('36h')).toBe('2026-11-21T00:00:00.000Z');
  expect(told('1w2d ago')).toBe('2026-11-13T12:00:00.000Z');
  for (const text of ['2026-02-30', '2026-11-22T24:01:00', '2026-13-01', '2026-11-22T06:18:07+99:00'])
    expect(() => toTime(text, now), text).toThrow('is not a time that exists');
  for (const text of ['', 'now', '-3h', '2026-11', '20261122', '1 day'])
    expect(() => toTime(text, now), text).toThrow('is no time');
});
