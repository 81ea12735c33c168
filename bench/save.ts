/**
 * What `snapback save` costs beside the scripts that it takes the place of: etcdctl alone, and etcdctl, then
 * `zstd -1`, then `age`. All on the same etcd, one after the other in each round, so that a change of the machine's
 * mood meets all of them.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { buildGoProgram } from '../test/support/go-programs.ts';
import { fillTo } from './kubernetes-like.ts';
import { type Cost, measure, median, type Step } from './measure.ts';
import { mebibytes, parseSize } from './size.ts';
import { snapback } from './snapback.ts';
import { type Source, startSource } from './source.ts';

export const saveHelp = `npm run bench -- save [--size 1GiB] [--runs 5] [--folder DIR]

snapback save to a folder beside etcdctl snapshot save, and beside etcdctl, zstd -1 and age: wall time,
CPU time and peak memory, medians of alternating runs.

  --size SIZE    of etcd's database (default 1GiB)
  --runs N       of each (default 5)
  --folder DIR   where the snapshots are written and removed (default: the folder for temporary files)`;

/** One of the ways to take a snapshot; `steps` writes everything below `folder`, which is empty. */
type Way = { name: string; rival: string | null; steps(folder: string): Step[] };
type Row = { way: Way; costs: Cost[]; stored: number };

export const saveBench = async (args: string[], signal: AbortSignal): Promise<void> => {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '1GiB' },
      runs: { type: 'string', default: '5' },
      folder: { type: 'string', default: tmpdir() },
    },
  });
  const [size, runs] = [parseSize(values.size), Number(values.runs)];
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs} is not a number from 1`);
  const age = await zstdAndAge();
  await using source = await startSource({ signal });
  const filled = await fillTo(source.settings, size, { signal });
  console.log(
    `etcd ${source.version} over mutual TLS, database of ${mebibytes(filled)} MiB; medians of ${runs} alternating runs`,
  );

  const rows: Row[] = (await waysOf(source, age)).map(way => ({ way, costs: [], stored: 0 }));
  for (let run = 1; run <= runs; run++) {
    for (const row of rows) {
      const folder = await mkdtemp(join(values.folder, 'snapback-bench-'));
      try {
        row.costs.push(await measure(row.way.steps(folder), signal));
        row.stored = await largestFile(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
    console.error(`run ${run} of ${runs} is done`);
  }
  report(rows);
};

const waysOf = async (source: Source, age: string | null): Promise<Way[]> => {
  const save = (folder: string): Step => ({
    program: source.etcdctl,
    args: [...source.flags, 'snapshot', 'save', join(folder, 'x.db')],
  });
  const ways: Way[] = [
    { name: 'etcdctl', rival: null, steps: folder => [save(folder)] },
    {
      name: 'snapback save',
      rival: 'etcdctl',
      steps: folder => [snapback('save', '--store', folder, ...source.flags)],
    },
  ];
  if (age === null) return ways;
  const recipient = await identityToRecipient(await generateX25519Identity());
  const packed = (folder: string): Step[] => [
    save(folder),
    { program: 'zstd', args: ['-1', '-q', join(folder, 'x.db')] },
    { program: 'rm', args: [join(folder, 'x.db')] },
    {
      program: age,
      args: ['-r', recipient, '-o', join(folder, 'x.db.zst.age'), join(folder, 'x.db.zst')],
    },
    { program: 'rm', args: [join(folder, 'x.db.zst')] },
  ];
  return [
    ...ways,
    { name: 'etcdctl, zstd, age', rival: null, steps: packed },
    {
      name: 'snapback save --recipient',
      rival: 'etcdctl, zstd, age',
      steps: folder => [snapback('save', '--store', folder, '--recipient', recipient, ...source.flags)],
    },
  ];
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

const largestFile = async (folder: string): Promise<number> => {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(it => it.isFile());
  const sizes = await Promise.all(files.map(async it => (await stat(join(it.parentPath, it.name))).size));
  return Math.max(0, ...sizes);
};

const report = (rows: Row[]): void => {
  const figures = new Map(
    rows.map(({ way, costs }) => [
      way.name,
      {
        wall: median(costs.map(cost => cost.wall)),
        cpu: median(costs.map(cost => cost.cpu)),
        peak: median(costs.map(cost => cost.peak)),
      },
    ]),
  );
  const line = (...[name, ...cells]: string[]) =>
    console.log(`${(name ?? '').padEnd(50)}${cells.map(cell => cell.padStart(12)).join('')}`);
  line('', 'wall s', 'CPU s', 'peak MiB', 'stored MiB');
  for (const { way, stored } of rows) {
    const cost = figures.get(way.name);
    if (cost)
      line(way.name, cost.wall.toFixed(2), cost.cpu.toFixed(2), mebibytes(cost.peak), mebibytes(stored));
  }
  line('ratio', 'wall', 'CPU', 'peak');
  for (const { way } of rows) {
    const [own, rival] = [figures.get(way.name), figures.get(way.rival ?? '')];
    if (!own || !rival) continue;
    const ratios = (['wall', 'cpu', 'peak'] as const).map(of => (own[of] / rival[of]).toFixed(2));
    line(`${way.name} / ${way.rival}`, ...ratios);
  }
};
