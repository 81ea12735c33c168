/** `snapback list` as a person and as a script see it: columns, reasons of the policy, pins, damage, narrow terminals. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ListResult } from '../src/job/list.ts';
import type { PruneResult } from '../src/job/prune.ts';
import { daily, keptStore } from './support/kept-store.ts';
import { onTerminal } from './support/terminal.ts';

const rowOf = (stdout: string, id: string | undefined): string =>
  stdout.split('\n').find(line => line.startsWith(id ?? '?')) ?? '';

test('without a policy there is no KEPT BECAUSE, and null in the document', async () => {
  await using kept = await keptStore(daily(1, 3));
  const { stdout, code } = await kept.run('list');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^prod · \S+ · 3 snapshots, 15 B · newest .* ago · none verified\n/);
  expect(stdout.split('\n')[1]).toMatch(/^ID +AGE +REVISION +SIZE +ETCD +VERIFIED$/);
  const { document } = await kept.json<ListResult>('list', '--time-zone', 'Europe/Berlin');
  expect(document.result.clusters[0]?.snapshots.map(one => one.keptBecause)).toEqual([null, null, null]);
});

test('with a policy it tells what prune would do, in short', async () => {
  const ids = daily(1, 9);
  await using kept = await keptStore(ids);
  await kept.put(`${ids[3]}.verify.20261120T000000Z-abcdef.drill.pass.json`);
  await kept.run('pin', ids[1] ?? '', '--reason', 'before upgrade');
  const policy = ['--keep-last', '2', '--keep-daily', '3'];
  const { stdout } = await kept.run('list', ...policy);
  expect(stdout.split('\n')[1]).toMatch(/VERIFIED +KEPT BECAUSE$/);
  expect(rowOf(stdout, ids[8])).toMatch(/ newest, last 2, daily$/);
  expect(rowOf(stdout, ids[6])).toMatch(/ daily$/);
  expect(rowOf(stdout, ids[5])).toMatch(/ no reason; prune removes it$/);
  expect(rowOf(stdout, ids[3])).toMatch(/ newest verified$/);
  expect(rowOf(stdout, ids[1])).toMatch(/ pinned: before upgrade$/);

  const listed = await kept.json<ListResult>('list', ...policy);
  const pruned = await kept.json<PruneResult>('prune', '--dry-run', ...policy);
  const rows = listed.document.result.clusters[0]?.snapshots ?? [];
  expect(rows.filter(one => one.keptBecause?.length).map(one => one.id)).toEqual(
    pruned.document.result.snapshots.filter(one => one.plan === 'keep').map(one => one.id),
  );
  expect(rows.find(one => one.id === ids[1])).toMatchObject({
    pinned: true,
    pinReason: 'before upgrade',
    keptBecause: ['pinned'],
  });
});

test('the policy may stand in the config file; one that keeps nothing is a mistake', async () => {
  await using kept = await keptStore(daily(1, 2));
  const config = join(kept.folder, '..', 'policy.yaml');
  await writeFile(config, 'keep-last: 1\n');
  expect((await kept.run('list', '--config', config)).stdout).toContain('KEPT BECAUSE');
  const { code, stderr } = await kept.run('list', '--min-keep', '3');
  expect(code).toBe(2);
  expect(stderr).toContain('says nothing to keep');
});

test('what is bad, pinned, damaged or strange is said without moving the columns', async () => {
  const ids = daily(1, 4);
  await using kept = await keptStore(ids);
  await kept.run('pin', ids[0] ?? '', '--reason', 'evil \u001b[31m');
  await kept.put(`${ids[1]}.verify.20261120T000000Z-abcdef.object.fail.json`);
  await rm(join(kept.folder, `${ids[2]}.db.zst.age`));
  await writeFile(join(kept.folder, `${ids[3]}.json`), '{"trunc');
  const { stdout } = await kept.run('list', '--keep-last', '9');
  const at = stdout.split('\n')[1]?.indexOf('KEPT BECAUSE') ?? 0;
  expect(rowOf(stdout, ids[0]).slice(at)).toMatch(/^newest, pinned: evil \\x1b\[31m, last 9$/);
  expect(rowOf(stdout, ids[1])).toContain('FAILED object');
  expect(rowOf(stdout, ids[2])).toMatch(/ missing .* object is MISSING/);
  expect(rowOf(stdout, ids[3])).toMatch(/ BROKEN manifest +–$/);
  expect(stdout).toMatch(new RegExp(`^${ids[3]}: the manifest is not whole JSON`, 'm'));
  expect(stdout).not.toContain('\u001b');
});

test('the newest 50 are shown, and how many are not', async () => {
  const many = ['10', '11'].flatMap(month =>
    Array.from({ length: 30 }, (_, i) => `2026${month}${String(i + 1).padStart(2, '0')}T061807Z-4f2a9c`),
  );
  await using kept = await keptStore(many);
  const short = await kept.run('list');
  expect(short.stdout.match(/^2026/gm)).toHaveLength(50);
  expect(short.stdout).toContain('10 older ones are not shown: --all');
  const all = await kept.run('list', '--all', '--utc');
  expect(all.stdout.match(/^2026/gm)).toHaveLength(60);
  expect(rowOf(all.stdout, many[0])).toContain('2026-10-01T06:18:07Z');
});

test('a narrow terminal gets whole rows and the reasons below them or broken between words', async () => {
  const ids = daily(1, 3);
  await using kept = await keptStore(ids);
  await kept.run('pin', ids[0] ?? '', '--reason', 'the last one before the upgrade to a new minor version');
  const args = ['list', '--store', '.', '--cluster', 'prod', '--keep-last', '2', '--keep-daily', '2'];
  const on = (columns: number) =>
    onTerminal(args, { cwd: join(kept.folder, '..'), columns, env: { NO_COLOR: '1' } });
  const narrow = await on(80);
  expect(narrow).toContain('    kept because: newest, last 2, daily\n');
  expect(rowOf(narrow, ids[2])).toMatch(/–$/);
  const wide = await on(110);
  for (const line of wide.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(110);
  expect(wide).toMatch(/ pinned: the last one before the upgrade to a\n {60,}new minor version\n/);
});
