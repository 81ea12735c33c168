import { count, duration, size } from '../figures.ts';
import type { CopyResult } from '../job/copy.ts';
import type { CopiedSnapshot } from '../job/copy-settings.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** What was copied was told as it was done; here is what is to be looked at, and in the last line what it comes to. */
export const copyText = (result: CopyResult, style: Style): string => {
  const wanted = result.snapshots.filter(({ plan, problem }) => problem === null && plan !== 'leave out');
  const rows = result.dryRun
    ? wanted.map(one => [one.id, one.size === null ? '–' : size(one.size), planWord(one, style)])
    : [];
  return [
    ...(rows.length > 0 ? [table(['ID', 'SIZE', 'PLAN'], rows, style)] : []),
    ...leftOut(result.snapshots),
    ...result.snapshots.flatMap(({ others }) =>
      others.map(name => `Not copied: ${printable(name)}, which this version does not know.`),
    ),
    ...result.snapshots.flatMap(({ id, problem }) =>
      problem === null ? [] : [`${style.bad('NOT COPIED')}: ${id}: ${printable(problem)}.`],
    ),
    verdict(result),
  ].join('\n');
};

/** The ids in the other store of what was copied, or in a dry run would be; one a line. */
export const copyQuiet = (result: CopyResult): string =>
  result.snapshots
    .filter(({ plan, done }) => plan === 'copy' && (done || result.dryRun))
    .map(({ id, copy }) => copy ?? id)
    .join('\n');

const planWord = ({ id, plan, copy }: CopiedSnapshot, style: Style): string => {
  if (plan === 'there') return copy === id ? 'there already' : `there already as ${copy}`;
  return plan === 'copy' ? style.look('copy') : style.look('there, but not all of it');
};

/** Bad ones by name; those that were not asked for in one line. */
const leftOut = (snapshots: CopiedSnapshot[]): string[] => {
  const out = snapshots.filter(({ plan, problem }) => plan === 'leave out' && problem === null);
  const bad = out.filter(({ reason }) => reason?.startsWith('bad'));
  const others = out.length - bad.length;
  return [
    ...bad.map(({ id, reason }) => `Left out: ${id}, ${reason}; name it to copy it all the same.`),
    ...(others > 0 ? [`Left out: ${plural(others)} that --since or --verified-only does not ask for.`] : []),
  ];
};

const verdict = ({ snapshots, dryRun, seconds, from, to, cluster }: CopyResult): string => {
  if (snapshots.length === 0) return `No snapshots of ${cluster} in ${from}: nothing to copy.`;
  const planned = snapshots.filter(({ plan }) => plan === 'copy');
  const copied = planned.filter(({ done, problem }) => (dryRun ? problem === null : done));
  const completed = snapshots.filter(({ plan, done }) => plan === 'complete' && (done || dryRun)).length;
  const there = snapshots.filter(({ plan }) => plan === 'there').length;
  const bytes = copied.reduce((sum, one) => sum + (one.size ?? 0), 0);
  const rate =
    dryRun || copied.length === 0 || seconds === 0
      ? ''
      : ` in ${duration(seconds)} (${size(bytes / seconds)}/s)`;
  const failed = snapshots.filter(({ problem }) => problem !== null).length;
  if (there === snapshots.length) return `Nothing to copy: ${plural(there)} ${was(there)} in ${to} already.`;
  return [
    `${dryRun ? 'Would copy' : 'Copied'} ${plural(copied.length)} to ${to}, ${size(bytes)}${rate}`,
    ...(completed > 0
      ? [`${dryRun ? 'would complete' : 'completed'} ${count(completed)} that ${was(completed)} there`]
      : []),
    ...(there > 0 ? [`${count(there)} ${was(there)} there already`] : []),
    ...(failed > 0 ? [`${count(failed)} FAILED`] : []),
  ]
    .join('; ')
    .concat(dryRun ? '. Nothing was written (dry run).' : '.');
};

const was = (number: number): string => (number === 1 ? 'was' : 'were');
const plural = (number: number): string => `${count(number)} ${number === 1 ? 'snapshot' : 'snapshots'}`;
