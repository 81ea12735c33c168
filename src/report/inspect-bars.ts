/** Where the keys and the bytes are, with a bar for each row. */
import { count, size } from '../figures.ts';
import type { InspectResult } from '../job/inspect.ts';
import { keyText } from './key-text.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

type Sums = InspectResult['totals'];
type Row = Sums & { name: string };

/** One table by prefix, or two of Kubernetes: by resource, and by namespace. */
export const keyBars = (result: InspectResult, style: Style): string[] => {
  const { prefix, prefixes, kubernetes, view, selected, top } = result;
  const below =
    prefix === null
      ? []
      : [`only keys that begin with ${keyText(prefix)}: ${count(selected.keys)}, ${size(selected.bytes)}`];
  if (view === 'prefixes' || kubernetes === null) {
    const rows = prefixes.rows.map(row => ({ ...row, name: prefixName(row) }));
    return [...below, bars('PREFIX', rows, prefixes.other, top, style)];
  }
  const { resources, namespaces, notKubernetes } = kubernetes;
  const byResource = resources.rows.map(row => ({ ...row, name: printable(row.resource) }));
  const rest =
    notKubernetes.keys + notKubernetes.pastRecords > 0 ? [{ ...notKubernetes, name: '(other keys)' }] : [];
  const byNamespace = [
    ...namespaces.rows.map(row => ({ ...row, name: printable(row.namespace) })),
    ...(namespaces.notCounted
      ? [{ ...namespaces.notCounted, name: '(too many to be counted one by one)' }]
      : []),
  ];
  return [
    ...below,
    bars('RESOURCE', [...byResource, ...rest], resources.other, top, style),
    ...(byNamespace.length === 0 ? [] : [bars('NAMESPACE', byNamespace, namespaces.other, top, style)]),
  ];
};

const prefixName = ({ key, keyBase64, whole }: InspectResult['prefixes']['rows'][number]): string => {
  const name = keyBase64 === '' ? '(without a slash)' : keyText({ key, keyBase64 });
  return whole ? `${name} (with all below it)` : name;
};

const bars = (
  title: string,
  all: Row[],
  unlisted: (Sums & { rows: number }) | null,
  top: number,
  style: Style,
): string => {
  if (all.length === 0) return style.dim('no keys');
  const shown = all.slice(0, top);
  const left = [...all.slice(top), ...(unlisted === null ? [] : [unlisted])];
  const number = all.length - shown.length + (unlisted?.rows ?? 0);
  const rest = left.length === 0 ? [] : [{ ...added(left), name: style.dim(`(${count(number)} more)`) }];
  const width = (style.columns ?? 100) >= 110 ? 28 : 14;
  const largest = Math.max(1, ...shown.map(total));
  const rows = [...shown, ...rest].map((row, at) => [
    count(row.keys),
    size(row.bytes),
    row.pastRecords === 0 ? '–' : size(row.pastBytes),
    at < shown.length ? bar(row, largest, width, style) : '',
    row.name,
  ]);
  // The name is what a person copies: the terminal breaks it where it must.
  return table(['KEYS', 'SIZE', 'HISTORY', '', title], rows, { ...style, columns: null });
};

/** What lives, and in a lighter shade what does not; a row with anything in it has a mark at least. */
const bar = (row: Sums, largest: number, width: number, style: Style): string => {
  const whole = Math.max(1, Math.round((width * total(row)) / largest));
  const live = Math.round((whole * row.bytes) / Math.max(1, total(row)));
  return `${'█'.repeat(live)}${style.dim('░'.repeat(whole - live))}`;
};

const total = ({ bytes, pastBytes }: Sums): number => bytes + pastBytes;

const added = (rows: Sums[]): Sums => ({
  keys: sum(rows, 'keys'),
  bytes: sum(rows, 'bytes'),
  pastRecords: sum(rows, 'pastRecords'),
  pastBytes: sum(rows, 'pastBytes'),
});

const sum = (rows: Sums[], field: keyof Sums): number => rows.reduce((total, row) => total + row[field], 0);
