import { count, size } from '../figures.ts';
import type { PruneResult } from '../job/prune.ts';
import type { PlannedSnapshot } from '../job/prune-removals.ts';
import { age } from './age.ts';
import { minute, prunedVersionsText } from './old-versions.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** The plan with its reasons, what else was found, and in the last line what it comes to. */
export const pruneText = (result: PruneResult, style: Style): string => {
  const extended = result.extendedUntil !== null;
  const head = ['ID', 'AGE', 'PLAN', ...(extended ? ['HELD UNTIL'] : []), 'WHY'];
  const rows = result.snapshots.map(one => [
    one.id,
    age(one.started, style).replace(/ ago$/, ''),
    planWord(one, style),
    ...(extended ? [heldText(one, result)] : []),
    [...one.reasons, ...problemOf(one)].join('; '),
  ]);
  return [...(rows.length > 0 ? [table(head, rows, style)] : []), ...notes(result), verdict(result)].join(
    '\n',
  );
};

/** The ids that are gone, or in a dry run would be; one a line. */
export const pruneQuiet = (result: PruneResult): string =>
  result.snapshots
    .filter(one => (result.dryRun ? one.plan === 'remove' : one.removed))
    .map(one => one.id)
    .join('\n');

const problemOf = ({ plan, problem }: PlannedSnapshot): string[] => {
  if (problem === null) return [];
  return [`${plan === 'keep' ? 'LOCK NOT EXTENDED' : 'NOT REMOVED'}: ${printable(problem)}`];
};

/** What is, and what was or, where nothing is changed, would be. */
const heldText = ({ held, extend }: PlannedSnapshot, { dryRun, refused }: PruneResult): string => {
  const now = held === null ? '–' : held.until === null ? 'no end' : minute(held.until);
  if (extend === null) return now;
  if (dryRun || refused) return `${now}, then ${minute(extend.until)}`;
  return extend.from === null ? now : `${now}, was ${minute(extend.from)}`;
};

const planWord = ({ plan, removed, problem }: PlannedSnapshot, style: Style): string => {
  if (problem !== null) return style.bad(plan);
  if (plan === 'locked') return style.look('locked');
  return plan === 'keep' ? 'keep' : style.look(removed ? 'removed' : 'remove');
};

const notes = (result: PruneResult): string[] => [
  ...result.passedOver.map(({ id, reason }) => `Not touched: ${id}, whose manifest ${printable(reason)}.`),
  ...result.unfinishedRemovals.map(({ id, finished }) =>
    finished
      ? `Finished: the removal of ${id}, which had begun before.`
      : `Unfinished: the removal of ${id}, which has begun${result.dryRun ? ' and which the real run ends' : ''}.`,
  ),
  ...result.unfinishedUploads.map(name => `Removed: the unfinished upload ${printable(name)}.`),
  ...result.orphans.map(orphan => {
    const about = `${orphan.id}, ${size(orphan.size)}`;
    if (orphan.removed) return `Removed: the orphan ${about}.`;
    const what = orphan.old
      ? 'its save did not end, or its manifest is lost; --remove-orphans removes it'
      : 'its save may be under way, or its manifest is lost; it is less than 24 h old';
    return `Orphan: ${about}, an object without a manifest: ${what}.`;
  }),
  ...result.unknown.map(name => `Not touched: ${printable(name)}, a name that this version does not know.`),
  ...(result.oldVersions ? prunedVersionsText(result.oldVersions) : []),
];

const verdict = (result: PruneResult): string => `${locksText(result)}${removalText(result)}`;

const locksText = ({ snapshots, extendedUntil, dryRun, refused }: PruneResult): string => {
  if (extendedUntil === null || refused) return '';
  const extended = snapshots.filter(({ extend }) => extend !== null).length;
  const failed = snapshots.filter(({ plan, problem }) => plan === 'keep' && problem !== null).length;
  const until = `until ${minute(extendedUntil)} UTC`;
  const done =
    extended > 0
      ? `${dryRun ? 'Would hold' : 'Holds'} ${plural(extended)} longer, ${until}`
      : `No lock is extended${failed > 0 ? '' : `: all that stays is held ${until} or longer`}`;
  return `${done}${failed > 0 ? `; ${count(failed)} could not be` : ''}.\n`;
};

const removalText = (result: PruneResult): string => {
  const { snapshots, dryRun, refused, overLimit, limit, cluster, location } = result;
  const going = snapshots.filter(one => one.plan === 'remove');
  const gone = snapshots.filter(one => one.removed);
  const all = plural(snapshots.length);
  const oldOnes = result.oldVersions?.snapshots.some(({ removed }) => removed);
  const end = dryRun ? ' Nothing was removed (dry run).' : '';
  if (snapshots.length === 0) return `Nothing to remove: no snapshots of ${cluster} in ${location}.${end}`;
  if (going.length === 0)
    return `Nothing${oldOnes ? ' else' : ''} to remove: ${snapshots.length === 1 ? 'the only snapshot stays' : `all ${all} stay`}.${end}`;
  if (refused)
    return `Nothing was removed: ${count(going.length)} of ${all}, ${bytes(going)}, are more than ${limit}, so it needs --yes.`;
  if (dryRun) {
    const over = overLimit ? `: more than ${limit}, so the real run needs --yes` : '';
    return `Would remove ${count(going.length)} of ${all}, ${bytes(going)}${over}.${end}`;
  }
  const left = going.length - gone.length;
  const rest = left > 0 ? `; ${count(left)} that should go ${left === 1 ? 'is' : 'are'} still there` : '';
  return `Removed ${count(gone.length)} of ${all}, ${bytes(gone)}${rest}.`;
};

const plural = (number: number): string => `${count(number)} ${number === 1 ? 'snapshot' : 'snapshots'}`;

const bytes = (snapshots: PlannedSnapshot[]): string =>
  size(snapshots.reduce((sum, one) => sum + (one.size ?? 0), 0));
