import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PruneResult } from '../src/job/prune.ts';
import { daily, keptStore } from './support/kept-store.ts';
import { snapback } from './support/snapback.ts';
import { putSample } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

// In the past of every clock that runs these tests, so that none is dated in the future.
const year = '2025';
const days = (first: number, last: number) => daily(first, last).map(id => year + id.slice(4));
const four = days(10, 13);
const [first = '', second = '', third = '', newest = ''] = four;
const pass = (id: string) => `${id}.verify.20251220T000000Z-000000.drill.pass.json`;
const planOf = ({ result }: { result: PruneResult }) => result.snapshots.map(one => `${one.id} ${one.plan}`);

test('a dry run prints the plan and its reasons, and changes nothing', async () => {
  await using kept = await keptStore(four);
  const before = await kept.files();
  const ran = await kept.run('prune', '--keep-last', '2', '--dry-run', '--utc');
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  expect(ran.stdout.split('\n').map(line => line.split(/ {2,}/))).toEqual([
    ['ID', 'AGE', 'PLAN', 'WHY'],
    [newest, '2025-11-13T06:18:07Z', 'keep', 'newest; last 2'],
    [third, '2025-11-12T06:18:07Z', 'keep', 'last 2'],
    [second, '2025-11-11T06:18:07Z', 'remove', 'not among the last 2'],
    [first, '2025-11-10T06:18:07Z', 'remove', 'not among the last 2'],
    ['Would remove 2 of 4 snapshots, 10 B. Nothing was removed (dry run).'],
    [''],
  ]);
  expect(await kept.files()).toEqual(before);
});

test('the real run carries out the plan that the dry run printed', async () => {
  await using kept = await keptStore(days(1, 9));
  await kept.put(pass('20251102T061807Z-4f2a9c'));
  const policy = ['prune', '--keep-daily', '3', '--keep-weekly', '2', '--time-zone', 'Europe/Berlin'];
  const dry = await kept.json<PruneResult>(...policy, '--dry-run');
  const real = await kept.json<PruneResult>(...policy);
  expect([dry.code, real.code]).toEqual([0, 0]);
  expect(planOf(real.document)).toEqual(planOf(dry.document));
  const keep = real.document.result.snapshots.filter(one => one.plan === 'keep');
  expect(keep.length).toBeGreaterThan(3);
  expect(keep.length).toBeLessThan(9);
  const left = (await kept.files('2025'))
    .filter(file => /c\.json$/.test(file))
    .map(file => file.slice(0, 23));
  expect(left).toEqual(keep.map(one => one.id).reverse());
  expect(await kept.files()).toHaveLength(2 * left.length + 2);
  const again = await kept.run(...policy);
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(new RegExp(`Nothing to remove: all ${left.length} snapshots stay\\.\n$`));
});

test('a real run tells what it removed, a quiet one only the ids', async () => {
  await using kept = await keptStore(four);
  await kept.put(`${second}.pin`);
  const ran = await kept.run('prune', '--keep-last', '2');
  expect(ran.stdout).toMatch(/\nRemoved 1 of 4 snapshots, 5 B\.\n$/);
  expect(ran.stdout).toContain('pinned');
  expect(ran.stderr).toContain(`removed   ${first}: not among the last 2`);
  expect(await kept.run('prune', '--keep-last', '1', '--quiet')).toEqual({
    code: 0,
    stdout: `${third}\n`,
    stderr: '',
  });
  expect(await kept.files('2025')).toEqual([
    `${second}.db.zst.age`,
    `${second}.json`,
    `${second}.pin`,
    `${newest}.db.zst.age`,
    `${newest}.json`,
  ]);
});

test('the newest good, the newest verified and what is pinned stay', async () => {
  await using kept = await keptStore(four);
  await kept.put(pass(second));
  await kept.put(`${first}.pin`);
  await kept.put(`${newest}.verify.20251220T000000Z-000000.object.fail.json`);
  const { code, document } = await kept.json<PruneResult>('prune', '--keep-yearly', '1');
  expect(code).toBe(0);
  expect(document.result.snapshots).toMatchObject([
    { id: newest, plan: 'keep', bad: true, reasons: ['bad, and no newer one is verified'] },
    { id: third, plan: 'keep', reasons: ['newest', 'yearly 2025'] },
    { id: second, plan: 'keep', reasons: ['newest verified'] },
    { id: first, plan: 'keep', pinned: true, reasons: ['pinned'] },
  ]);
  expect(await kept.files('2025')).toHaveLength(11);
});

test('a policy that keeps nothing is a mistake', async () => {
  await using kept = await keptStore(four);
  const before = await kept.files();
  for (const policy of [[], ['--min-keep', '3'], ['--keep-last', '0']]) {
    const ran = await kept.run('prune', ...policy);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('says nothing to keep');
    expect(ran.stderr).toContain('--keep-last');
  }
  expect(await kept.files()).toEqual(before);
});

test.each([
  [['--keep-last', 'two'], '--keep-last "two" is not a whole number'],
  [['--keep-within', '3 fortnights'], '--keep-within "3 fortnights" is not a duration'],
  [['--keep-last', '1', '--max-delete', 'half'], '"half" is neither a number nor a percentage'],
  [['--keep-last', '1', '--time-zone', 'Mars/Olympus'], 'time zone "Mars/Olympus" is not known'],
])('a wrong policy is refused before anything is looked at: %j', async (policy, said) => {
  const ran = await snapback(['prune', '--store', '/nonexistent/store', ...policy]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain(said);
});

test('more than the limit is refused as a whole, and done with --yes', async () => {
  await using kept = await keptStore(days(1, 10));
  await kept.put('20251001T061807Z-4f2a9c.removed');
  const before = await kept.files();
  const dry = await kept.run('prune', '--keep-last', '4', '--dry-run');
  expect(dry.code).toBe(0);
  expect(dry.stdout).toContain(
    'Would remove 6 of 10 snapshots, 30 B: more than 50 %, so the real run needs --yes.',
  );
  const refused = await kept.run('prune', '--keep-last', '4');
  expect(refused.code).toBe(23);
  expect(refused.stdout).toContain('Nothing was removed: 6 of 10 snapshots');
  expect(refused.stderr).toContain('plan to remove 6 of 10 snapshots is more than 50 %');
  expect(refused.stderr).toContain('--yes');
  expect(
    (await kept.json<PruneResult>('prune', '--keep-last', '9', '--max-delete', '0')).document,
  ).toMatchObject({
    ok: false,
    exit: 23,
    error: { code: 'refused' },
    result: { refused: true, overLimit: true, limit: '0' },
  });
  expect(await kept.files()).toEqual(before);
  expect((await kept.run('prune', '--keep-last', '5')).code).toBe(0);
  expect((await kept.run('prune', '--keep-last', '1', '--max-delete', '2')).code).toBe(23);
  expect((await kept.run('prune', '--keep-last', '1', '--max-delete', '2', '--yes')).code).toBe(0);
  expect(await kept.files('2025')).toHaveLength(2);
});

test('strangers, damage and unknown names are reported and left alone', async () => {
  await using kept = await keptStore(four);
  const stranger = `${year}1101T000000Z-00000a`;
  const damaged = `${year}1102T000000Z-00000b`;
  const unknown = `${first}.log.1`;
  await putSample(kept.store, stranger, { lineage: 'f'.repeat(32) });
  await kept.put(`${damaged}.db.zst`);
  await kept.put(`${damaged}.json`, '\u001b[31m');
  await kept.put(unknown);
  const ran = await kept.run('prune', '--keep-last', '1');
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain(`Not touched: ${stranger}, whose manifest belongs to the lineage ffff`);
  expect(ran.stdout).toContain(`Not touched: ${damaged}, whose manifest is not whole JSON`);
  expect(ran.stdout).toContain(`Not touched: ${unknown}`);
  expect(ran.stdout).not.toContain('\u001b');
  expect(ran.stdout).toContain('Removed 3 of 4 snapshots');
  expect(await kept.files('2025')).toEqual(
    [stranger, `${stranger}.json`, damaged, `${damaged}.json`, unknown, newest, `${newest}.json`].map(file =>
      file === damaged ? `${file}.db.zst` : file.length === 23 ? `${file}.db.zst.age` : file,
    ),
  );
});

test('what one removal fails with does not stop the others, and ends the run', async () => {
  await using kept = await keptStore(four);
  // A folder where the marker is to be: it cannot be removed as a file.
  await mkdir(join(kept.folder, `${first}.removed`));
  const { code, document } = await kept.json<PruneResult>('prune', '--keep-last', '1');
  expect(code).toBe(31);
  expect(document.error?.code).toBe('store');
  expect(document.result.snapshots.map(one => one.removed)).toEqual([false, true, true, false]);
  expect(document.result.snapshots[3]?.problem).not.toBeNull();
  expect(await kept.files(newest)).toHaveLength(2);
  expect(await kept.files(second)).toEqual([]);
});

test('a removal that was cut off is finished, and old unfinished uploads go', async () => {
  await using kept = await keptStore(four);
  const cut = `${year}1101T000000Z-00000a`;
  await kept.put(`${cut}.db.zst`);
  await kept.put(`${cut}.removed`);
  const uploads = [`.${cut}.db.zst.0123456789ab.part`, `.${newest}.db.zst.ba9876543210.part`];
  for (const name of uploads) await writeFile(join(kept.folder, name), 'x');
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await utimes(join(kept.folder, uploads[0] ?? ''), yesterday, yesterday);
  const policy = ['prune', '--keep-last', '4'];
  const before = await kept.files();
  const dry = await kept.json<PruneResult>(...policy, '--dry-run');
  expect(dry.document.result.unfinishedRemovals).toEqual([{ id: cut, finished: false }]);
  expect(await kept.files()).toEqual(before);
  const real = await kept.json<PruneResult>(...policy);
  expect(real.document.result).toMatchObject({
    unfinishedRemovals: [{ id: cut, finished: true }],
    unfinishedUploads: [`prod/${uploads[0]}`],
  });
  expect(await kept.files(cut)).toEqual([]);
  expect(await kept.files('.')).toEqual([uploads[1]]);
  expect(await kept.files('2025')).toHaveLength(8);
});

test('orphans are reported, and go only when told and after 24 hours', async () => {
  await using kept = await keptStore(four);
  const [old, young] = [`${year}1101T000000Z-00000a`, `${year}1102T000000Z-00000b`];
  for (const id of [old, young]) await kept.put(`${id}.db.zst`, 'three');
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await utimes(join(kept.folder, `${old}.db.zst`), yesterday, yesterday);
  const policy = ['prune', '--keep-last', '4'];
  const ran = await kept.run(...policy);
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(new RegExp(`Orphan: ${old}, 5 B, .*--remove-orphans`));
  expect(ran.stdout).toMatch(new RegExp(`Orphan: ${young}, 5 B, .*less than 24 h`));
  await kept.run(...policy, '--remove-orphans', '--dry-run');
  expect(await kept.files(old)).toHaveLength(1);
  const { document } = await kept.json<PruneResult>(...policy, '--remove-orphans');
  expect(document.result.orphans).toEqual([
    { id: young, size: 5, old: false, removed: false },
    { id: old, size: 5, old: true, removed: true },
  ]);
  expect(await kept.files(old)).toEqual([]);
  expect(await kept.files(young)).toHaveLength(1);
});

test('a store with nothing in it is nothing to do, and stays as it is', async () => {
  await using folder = await temporaryFolder();
  const store = join(folder.path, 'none');
  const ran = await snapback(['prune', '--store', store, '--keep-last', '1']);
  expect(ran).toEqual({
    code: 0,
    stdout: expect.stringContaining('Nothing to remove: no snapshots of default'),
    stderr: '',
  });
  expect(await readdir(folder.path)).toEqual([]);
});

test('a folder that lost its cluster.json is refused, and nothing goes', async () => {
  await using kept = await keptStore(four);
  await kept.store.remove('prod/cluster.json', { signal: new AbortController().signal });
  const ran = await kept.run('prune', '--keep-last', '1');
  expect(ran.code).toBe(23);
  expect(ran.stderr).toContain('no cluster.json');
  expect(await kept.files('2025')).toHaveLength(8);
});
