/**
 * What `snapback save` costs beside the scripts that it takes the place of. All on the same etcd, one after the other
 * in each round, so that a change of the machine's mood meets all of them.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildGoProgram } from '../test/support/go-programs.ts';
import { fillTo } from './kubernetes-like.ts';
import { type Cost, cpuOf, measure, median } from './measure.ts';
import { s3Target } from './save-s3.ts';
import { folderTarget, type Way } from './save-ways.ts';
import { mebibytes, parseSize } from './size.ts';
import { startSource } from './source.ts';

export const saveHelp = `npm run bench -- save [--store s3] [--size 1GiB] [--runs 5] [--folder DIR]

snapback save to a folder beside etcdctl snapshot save, and beside etcdctl, zstd -1 and age; with --store s3
to a bucket of a real S3 server on this machine, beside etcdctl, zstd -1 -T0 and aws s3 cp: wall time, CPU time,
etcd's own CPU time and peak memory, medians of alternating runs.

  --store s3     a bucket in place of a folder
  --size SIZE    of etcd's database (default 1GiB)
  --runs N       of each (default 5)
  --folder DIR   where the snapshots are written and removed (default: the folder for temporary files)`;

type Row = { way: Way; costs: (Cost & { etcd: number })[]; stored: number };

export const saveBench = async (args: string[], signal: AbortSignal): Promise<void> => {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '1GiB' },
      runs: { type: 'string', default: '5' },
      folder: { type: 'string', default: tmpdir() },
      store: { type: 'string', default: 'folder' },
    },
  });
  const [size, runs] = [parseSize(values.size), Number(values.runs)];
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs} is not a number from 1`);
  if (!['folder', 's3'].includes(values.store))
    throw new Error(`--store ${values.store} is neither folder nor s3`);
  await using source = await startSource({ signal });
  await using held = new AsyncDisposableStack();
  const target =
    values.store === 's3'
      ? held.use(await s3Target(source, { signal }))
      : await folderTarget(source, await zstdAndAge());
  const filled = await fillTo(source.settings, size, { signal });
  console.log(
    `etcd ${source.version} over mutual TLS, database of ${mebibytes(filled)} MiB; medians of ${runs} alternating runs`,
  );

  const rows: Row[] = target.ways.map(way => ({ way, costs: [], stored: 0 }));
  for (let run = 1; run <= runs; run++) {
    for (const row of rows) {
      const folder = await mkdtemp(join(values.folder, 'snapback-bench-'));
      try {
        const before = await cpuOf(source.pid);
        const cost = await measure(row.way.steps(folder), signal);
        row.costs.push({ ...cost, etcd: (await cpuOf(source.pid)) - before });
        row.stored = await target.storedBytes(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    console.error(`run ${run} of ${runs} is done`);
  }
  report(rows);
};

/** The path of age, or null with a sentence where one of both is missing: then the bare rows are measured alone. */
const zstdAndAge = async (): Promise<string | null> => {
  const zstd = await promisify(execFile)('zstd', ['--version']).catch(() => null);
  const { path: age } = await buildGoProgram('age', new AbortController()).catch(() => ({ path: null }));
  if (zstd && age) return age;
  const missing = [
    ...(zstd ? [] : ['zstd is not on PATH']),
    ...(age ? [] : ['age is not in the cache and could not be built (it needs go)']),
  ];
  console.log(`${missing.join(' and ')}: the rows with both are left out`);
  return null;
};

const report = (rows: Row[]): void => {
  const figures = new Map(
    rows.map(({ way, costs }) => [
      way.name,
      {
        wall: median(costs.map(cost => cost.wall)),
        cpu: median(costs.map(cost => cost.cpu)),
        etcd: median(costs.map(cost => cost.etcd)),
        peak: median(costs.map(cost => cost.peak)),
      },
    ]),
  );
  const line = (...[name, ...cells]: string[]) =>
    console.log(`${(name ?? '').padEnd(60)}${cells.map(cell => cell.padStart(12)).join('')}`);
  line('', 'wall s', 'CPU s', 'etcd CPU s', 'peak MiB', 'stored MiB');
  for (const { way, stored } of rows) {
    const cost = figures.get(way.name);
    if (cost)
      line(
        way.name,
        ...[cost.wall, cost.cpu, cost.etcd].map(seconds => seconds.toFixed(2)),
        ...[cost.peak, stored].map(bytes => mebibytes(bytes)),
      );
  }
  line('ratio', 'wall', 'CPU', 'etcd CPU', 'peak');
  for (const { way } of rows) {
    const [own, rival] = [figures.get(way.name), figures.get(way.rival ?? '')];
    if (!own || !rival) continue;
    const ratios = (['wall', 'cpu', 'etcd', 'peak'] as const).map(of => (own[of] / rival[of]).toFixed(2));
    line(`${way.name} / ${way.rival}`, ...ratios);
  }
};
