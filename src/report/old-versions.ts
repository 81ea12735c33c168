/** What a bucket keeps of what is not seen any more. */
import { count, size } from '../figures.ts';
import type { ClusterList } from '../job/list.ts';
import type { OldSnapshotResult, OldVersionsResult } from '../job/old-versions.ts';
import { printable } from './printable.ts';

type Amount = { count: number; size: number };

/** What is there, a line each. */
export const oldVersionsText = ({ removed, others }: NonNullable<ClusterList['oldVersions']>): string[] => [
  ...(removed.count > 0
    ? [
        `The bucket keeps ${amount(removed)}, of removed snapshots: hidden, not gone; prune --all-versions removes them.`,
      ]
    : []),
  ...(others.count > 0
    ? [
        `The bucket keeps ${amount(others)}, that no removal left: something else overwrote or hid them, and they are left alone.`,
      ]
    : []),
];

/** What became of it, a line each. */
export const prunedVersionsText = ({ snapshots, others }: OldVersionsResult): string[] => {
  const gone = snapshots.filter(one => one.removed);
  const failed = snapshots.filter(one => one.held !== null || one.problem !== null);
  const rest = snapshots.filter(one => !one.removed && !failed.includes(one));
  return [
    ...(gone.length > 0
      ? [
          `Removed for good: ${amount(sum(gone))}, of ${count(gone.length)} ${gone.length === 1 ? 'snapshot' : 'snapshots'}.`,
        ]
      : []),
    ...failed.map(one => `Not removed: ${amount(one)}, of ${one.id}: ${whyText(one)}.`),
    ...oldVersionsText({ removed: sum(rest), others }),
  ];
};

/** `3 old versions, 217 MiB` */
export const amount = (all: Amount): string =>
  `${count(all.count)} old ${all.count === 1 ? 'version' : 'versions'}, ${size(all.size)}`;

const whyText = ({ held, problem }: OldSnapshotResult): string => {
  if (held === null) return printable(problem ?? '');
  const until = held.until === null ? 'without an end' : `until ${minute(held.until)} UTC`;
  return `retained ${until} (${held.by})`;
};

/** `2026-11-22 06:18` */
export const minute = (time: string): string => time.slice(0, 16).replace('T', ' ');

const sum = (all: Amount[]): Amount => ({
  count: all.reduce((total, one) => total + one.count, 0),
  size: all.reduce((total, one) => total + one.size, 0),
});
