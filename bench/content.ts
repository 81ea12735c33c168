/**
 * What it costs to look a whole database through: `snapback verify --level content` beside `etcdutl snapshot status`
 * and `etcdutl hashkv`, which together look at what it looks at, the trailer and the keys of each record left out.
 */
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openClient } from '../src/etcd/client.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { fill } from '../test/support/fill.ts';
import { fillTo } from './kubernetes-like.ts';
import { type Cost, measure, median, type Step } from './measure.ts';
import { etcdctlSave } from './save-ways.ts';
import { mebibytes, parseSize } from './size.ts';
import { snapback } from './snapback.ts';
import { type Source, startSource } from './source.ts';

export const contentHelp = `npm run bench -- content [--size 1GB] [--small-values] [--runs 5] [--folder DIR]

snapback verify --level content, of a file and of a stored snapshot, beside etcdutl snapshot status of the same file
and etcdutl hashkv of a copy (it writes to what it reads): wall time, CPU time and peak memory, medians of alternating
runs, and the ratio to the two of etcdutl together.

  --size SIZE     of etcd's database (default 1GB)
  --small-values  200 bytes in each value, so about two million keys in 1 GB (default: objects of Kubernetes)
  --runs N        of each (default 5)
  --folder DIR    where everything is written and removed; about four times the size is needed
                  (default: the folder for temporary files)`;

type Row = { name: string; step: Step; before?: () => Promise<void>; costs: Cost[] };

export const contentBench = async (args: string[], signal: AbortSignal): Promise<void> => {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '1GB' },
      'small-values': { type: 'boolean', default: false },
      runs: { type: 'string', default: '5' },
      folder: { type: 'string', default: tmpdir() },
    },
  });
  const [size, runs] = [parseSize(values.size), Number(values.runs)];
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs} is not a number from 1`);
  const folder = await mkdtemp(join(values.folder, 'snapback-bench-'));
  try {
    const rows = await prepare(folder, { size, small: values['small-values'], signal });
    for (let run = 1; run <= runs; run++) {
      for (const row of rows) {
        await row.before?.();
        row.costs.push(await measure([row.step], signal));
      }
      console.error(`run ${run} of ${runs} is done`);
    }
    report(rows);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The file and the stored snapshot, of an etcd that is gone when anything is measured. */
const prepare = async (
  folder: string,
  { size, small, signal }: { size: number; small: boolean; signal: AbortSignal },
): Promise<Row[]> => {
  const [file, copy, store] = [join(folder, 'x.db'), join(folder, 'copy.db'), join(folder, 'store')];
  await using source = await startSource({ signal, minor: '3.7' });
  if (small) await fill(source.settings, { count: Math.floor(size / 500), size: 200 });
  else await fillTo(source.settings, size, { signal });
  await compactMost(source, { signal });
  await measure([etcdctlSave(source, file), snapback('save', '--store', store, ...source.flags)], signal);
  console.log(`etcd ${source.version}, snapshot of ${mebibytes((await stat(file)).size)} MiB`);
  const row = (name: string, step: Step): Row => ({ name, step, costs: [] });
  const verify = (...args: string[]) =>
    snapback('verify', ...args, '--level', 'content', '--scratch', folder, '--no-record');
  return [
    row('etcdutl snapshot status', { program: source.etcdutl, args: ['snapshot', 'status', file] }),
    {
      ...row('etcdutl hashkv', { program: source.etcdutl, args: ['hashkv', copy] }),
      before: () => copyFile(file, copy),
    },
    row('snapback verify --level content FILE', verify(file)),
    row('snapback verify --level content latest', verify('latest', '--store', store)),
  ];
};

/** Half of the history, as in a cluster that goes on living. */
const compactMost = async (source: Source, { signal }: { signal: AbortSignal }): Promise<void> => {
  await using client = await openClient(source.settings, source.settings.endpoints[0] ?? '', { signal });
  const revision = Math.floor((await memberStatus(client, { signal })).revision / 2);
  await client.etcd3((etcd3, options) => etcd3.kv.compact({ revision, physical: true }, options), {
    operation: 'compact',
    signal,
  });
};

const report = (rows: Row[]): void => {
  const of = (row: Row, figure: keyof Cost): number => median(row.costs.map(cost => cost[figure]));
  const both = (figure: 'wall' | 'cpu') => rows.slice(0, 2).reduce((sum, row) => sum + of(row, figure), 0);
  const line = (...[name, ...cells]: string[]) =>
    console.log(`${(name ?? '').padEnd(44)}${cells.map(cell => cell.padStart(12)).join('')}`);
  line('', 'wall s', 'CPU s', 'peak MiB', 'wall ratio', 'CPU ratio');
  for (const row of rows) {
    const ratios =
      rows.indexOf(row) < 2 ? [] : (['wall', 'cpu'] as const).map(figure => of(row, figure) / both(figure));
    line(
      row.name,
      of(row, 'wall').toFixed(2),
      of(row, 'cpu').toFixed(2),
      mebibytes(of(row, 'peak')),
      ...ratios.map(ratio => ratio.toFixed(2)),
    );
  }
};
