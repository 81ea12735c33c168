import type { ClusterList, ListResult, ListRow } from '../job/list.ts';
import { age, count, size } from './figures.ts';
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
  const rows = list.snapshots.map(row => [
    row.id,
    age(row.started, style).replace(' ago', ''),
    row.revision !== null
      ? count(row.revision)
      : row.revisionAtLeast !== null
        ? `≥ ${count(row.revisionAtLeast)}`
        : '–',
    row.size === null ? style.bad('missing') : size(row.size),
    printable(row.etcdVersion ?? '–'),
    verifiedText(row, style),
    row.pinned ? 'pinned' : '',
  ]);
  const more = list.total - list.snapshots.length;
  return [
    head,
    table(['ID', 'AGE', 'REVISION', 'SIZE', 'ETCD', 'VERIFIED', ''], rows, style),
    ...(more > 0 ? [style.dim(`${more} older ones are not shown: --all`)] : []),
    ...notes(list, style),
  ].join('\n');
};

const verifiedText = (row: ListRow, style: Style): string => {
  if (row.broken) return style.bad(`BROKEN manifest: ${printable(row.broken)}`);
  if (row.size === null) return style.bad('object is MISSING');
  if (row.failed) return style.bad(`FAILED ${row.failed.level}`);
  return row.verified ? style.good(`drill, ${age(row.verified.at, style)}`) : '–';
};

const notes = (list: ClusterList, style: Style): string[] => [
  ...list.orphans.map(id =>
    style.look(`${id} has an object and no manifest: a save that did not end, or one under way`),
  ),
  ...list.removing.map(id => style.look(`${id} is being removed; the next prune finishes that`)),
  ...(list.unknown.length > 0
    ? [
        style.dim(
          `not of this version, left alone: ${list.unknown.slice(0, 5).join(', ')}${list.unknown.length > 5 ? ' …' : ''}`,
        ),
      ]
    : []),
];
