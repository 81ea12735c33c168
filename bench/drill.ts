/**
 * What a drill costs beside a restore that a person does by hand: `etcdutl snapshot restore`, etcd started on it, and
 * `etcdctl endpoint health` until it is well.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts } from '../test/support/ports.ts';
import { fillTo } from './kubernetes-like.ts';
import { type Cost, measure, median, type Step } from './measure.ts';
import { etcdctlSave } from './save-ways.ts';
import { mebibytes, parseSize } from './size.ts';
import { snapback } from './snapback.ts';
import { startSource } from './source.ts';

export const drillHelp = `npm run bench -- drill [--size 1GB] [--runs 5] [--folder DIR]

snapback verify of a file beside etcdutl snapshot restore, etcd started on it and etcdctl endpoint health; and of a
stored snapshot beside zstd -d and the same: wall time, CPU time and peak memory, medians of alternating runs.

  --size SIZE   of etcd's database (default 1GB)
  --runs N      of each (default 5)
  --folder DIR  where everything is written and removed; about six times the size is needed
                (default: the folder for temporary files)`;

type Row = { name: string; step: Step; costs: Cost[] };

export const drillBench = async (args: string[], signal: AbortSignal): Promise<void> => {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '1GB' },
      runs: { type: 'string', default: '5' },
      folder: { type: 'string', default: tmpdir() },
    },
  });
  const [size, runs] = [parseSize(values.size), Number(values.runs)];
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs} is not a number from 1`);
  const folder = await mkdtemp(join(values.folder, 'snapback-bench-'));
  try {
    const rows = await prepare(folder, size, signal);
    for (let run = 1; run <= runs; run++) {
      for (const row of rows) row.costs.push(await measure([row.step], signal));
      console.error(`run ${run} of ${runs} is done`);
    }
    report(rows);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The file and the stored snapshot, of an etcd that is gone when anything is measured. */
const prepare = async (folder: string, size: number, signal: AbortSignal): Promise<Row[]> => {
  const [file, store] = [join(folder, 'x.db'), join(folder, 'store')];
  await using source = await startSource({ signal });
  await fillTo(source.settings, size, { signal });
  await measure([etcdctlSave(source, file), snapback('save', '--store', store, ...source.flags)], signal);
  console.log(`etcd ${source.version}, snapshot of ${mebibytes((await stat(file)).size)} MiB`);
  const object = (await readdir(join(store, 'default'))).find(name => name.endsWith('.db.zst'));
  const ports = await freePorts(2);
  const where = { programs: dirname(source.etcdutl), work: join(folder, 'by-hand'), ports };
  const row = (name: string, step: Step): Row => ({ name, step, costs: [] });
  const verify = (...words: string[]) => snapback('verify', ...words, '--scratch', folder);
  return [
    row('etcdutl restore, etcd, health', byHand('snapshot=$1', file, where)),
    row('snapback verify FILE --etcd-version 3.6', verify(file, '--etcd-version', '3.6')),
    row(
      'zstd -d, etcdutl restore, etcd, health',
      byHand(
        'snapshot=$work/x.db; zstd -dqf "$1" -o "$snapshot"',
        join(store, 'default', object ?? ''),
        where,
      ),
    ),
    row('snapback verify', verify('--store', store, '--no-record')),
  ];
};

type Where = { programs: string; work: string; ports: number[] };

/** What a runbook says, with nothing in it that only waits. */
const byHand = (first: string, file: string, { programs, work, ports: [client, peer] }: Where): Step => ({
  program: 'bash',
  args: [
    '-c',
    `set -e; work=$2; mkdir "$work"; PATH=$3:$PATH; ${first}
     etcdutl snapshot restore "$snapshot" --data-dir "$work/data"
     etcd --data-dir "$work/data" --listen-client-urls http://127.0.0.1:${client} --advertise-client-urls http://127.0.0.1:${client} \\
       --listen-peer-urls http://127.0.0.1:${peer} --quota-backend-bytes ${8 * 2 ** 30} 2>/dev/null &
     until etcdctl --endpoints http://127.0.0.1:${client} --dial-timeout 1s endpoint health >/dev/null 2>&1; do sleep 0.05; done
     kill %1; wait %1 || true; rm -r "$work"`,
    'by-hand',
    file,
    work,
    programs,
  ],
});

const report = (rows: Row[]): void => {
  const of = (row: Row | undefined, figure: keyof Cost): number =>
    median((row?.costs ?? []).map(cost => cost[figure]));
  const line = (...[name, ...cells]: string[]) =>
    console.log(`${(name ?? '').padEnd(44)}${cells.map(cell => cell.padStart(12)).join('')}`);
  line('', 'wall s', 'CPU s', 'peak MiB', 'wall ratio', 'CPU ratio');
  for (const [at, row] of rows.entries()) {
    const ratios =
      at % 2 === 0
        ? []
        : (['wall', 'cpu'] as const).map(figure => of(row, figure) / of(rows[at - 1], figure));
    line(
      row.name,
      of(row, 'wall').toFixed(2),
      of(row, 'cpu').toFixed(2),
      mebibytes(of(row, 'peak')),
      ...ratios.map(ratio => ratio.toFixed(2)),
    );
  }
};
