import { count, size } from '../figures.ts';
import type { ClusterList, ListResult, ListRow } from '../job/list.ts';
import { age } from './age.ts';
import { oldVersionsText } from './old-versions.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

export const listText = (result: ListResult, style: Style): string => {
  if (result.clusters.length === 0) return `no snapshots in ${result.store}; take one: snapback save`;
  return result.clusters.map(cluster => clusterText(cluster, result.store, style)).join('\n\n');
};

const clusterText = (list: ClusterList, store: string, style: Style): string => {
  const [newest] = list.snapshots;
  if (!newest)
    return [
      `no snapshots of ${list.cluster} in ${store}; take one: snapback save`,
      ...notes(list, style),
    ].join('\n');
  const head = [
    `${list.cluster} · ${store} · ${list.total} ${list.total === 1 ? 'snapshot' : 'snapshots'}, ${size(list.totalSize)}`,
    `newest ${age(newest.started, style)}`,
    list.newestVerified ? `newest verified ${age(list.newestVerified, style)}` : style.look('none verified'),
  ].join(' · ');
  const [columns, rows] = columnsOf(list, style);
  const more = list.total - list.snapshots.length;
  return [
    head,
    table(columns, rows, style),
    ...(more > 0 ? [style.dim(`${more} older ones are not shown: --all`)] : []),
    ...notes(list, style),
  ].join('\n');
};

/** The last column says why prune would keep it where there is a policy; else, without a name, which are pinned. */
const columnsOf = ({ snapshots }: ClusterList, style: Style): [string[], string[][]] => {
  const policy = snapshots.some(({ keptBecause }) => keptBecause !== null);
  const last = policy ? ['KEPT BECAUSE'] : snapshots.some(({ pinned }) => pinned) ? [''] : [];
  const rows = snapshots.map(row => [
    row.id,
    age(row.started, style).replace(' ago', ''),
    revisionText(row),
    row.size === null ? style.bad('missing') : size(row.size),
    printable(row.etcdVersion ?? '–'),
    verifiedText(row, style),
    ...(last.length > 0 ? [policy ? keptText(row, style) : pinText(row)] : []),
  ]);
  return [['ID', 'AGE', 'REVISION', 'SIZE', 'ETCD', 'VERIFIED', ...last], rows];
};

const revisionText = ({ revision, revisionAtLeast }: ListRow): string => {
  if (revision !== null) return count(revision);
  return revisionAtLeast === null ? '–' : `≥ ${count(revisionAtLeast)}`;
};

const keptText = (row: ListRow, style: Style): string => {
  const { keptBecause } = row;
  if (keptBecause === null) return row.pinned ? pinText(row) : '–';
  if (keptBecause.length === 0) return style.look('no reason; prune removes it');
  return keptBecause.map(reason => (reason === 'pinned' ? pinText(row) : reason)).join(', ');
};

const pinText = ({ pinned, pinReason }: ListRow): string => {
  if (!pinned) return '';
  return pinReason === null ? 'pinned' : `pinned: ${printable(pinReason)}`;
};

const verifiedText = (row: ListRow, style: Style): string => {
  if (row.untrusted) return style.bad('NOT TRUSTED');
  if (row.broken) return style.bad('BROKEN manifest');
  if (row.unread) return style.look('manifest NOT READ');
  if (row.size === null) return style.bad('object is MISSING');
  if (row.failed) return style.bad(`FAILED ${row.failed.level}`);
  return row.verified ? style.good(`drill, ${age(row.verified.at, style)}`) : '–';
};

const notes = (list: ClusterList, style: Style): string[] => [
  ...list.snapshots.flatMap(({ id, broken }) =>
    broken === null ? [] : [style.bad(`${id}: the manifest ${printable(broken)}`)],
  ),
  ...list.snapshots.flatMap(({ id, unread }) =>
    unread === null ? [] : [style.look(`${id}: the manifest ${printable(unread)}`)],
  ),
  ...list.orphans.map(id =>
    style.look(`${id} has an object and no manifest: a save that did not end, or one under way`),
  ),
  ...list.removing.map(id => style.look(`${id} is being removed; the next prune finishes that`)),
  ...(list.oldVersions === null ? [] : oldVersionsText(list.oldVersions).map(style.look)),
  ...(list.unknown.length > 0
    ? [
        style.dim(
          `not of this version, left alone: ${list.unknown.slice(0, 5).map(printable).join(', ')}${list.unknown.length > 5 ? ' …' : ''}`,
        ),
      ]
    : []),
];
