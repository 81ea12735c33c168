import { count } from '../figures.ts';
import type { DiffEntry, DiffResult } from '../job/diff.ts';
import { age } from './age.ts';
import { label } from './label.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

type Side = DiffResult['from'];

/** From what to what, what changed by kind of key, and all of it added up at last. */
export const diffText = (result: DiffResult, style: Style): string => {
  const { groups, from, to } = result;
  const rows = groups.slice(0, shown);
  return [
    side('from', from, style),
    side('to', to, style),
    ...(rows.length > 0 ? ['', groupTable(rows, style)] : []),
    ...(groups.length > shown ? [style.dim(`and ${count(groups.length - shown)} more: --json has all`)] : []),
    ...(rows.length > 0 ? [''] : []),
    sum(result, style),
  ].join('\n');
};

const shown = 50;

const side = (name: string, { snapshot, endpoint, taken, revision, keys }: Side, style: Style): string => {
  const what = snapshot === null ? `the living cluster at ${endpoint}` : snapshot;
  const when = taken === null ? '' : ` (${age(taken, style)})`;
  return label(name, `${printable(what)}${when}: ${count(keys)} keys as of revision ${count(revision)}`);
};

const groupTable = (groups: DiffResult['groups'], style: Style): string => {
  const kubernetes = groups.some(({ resource }) => resource !== null);
  const leases = groups.some(({ lease }) => lease > 0);
  const cell = (number: number) => (number === 0 ? '–' : count(number));
  return table(
    [
      kubernetes ? 'RESOURCE' : 'PREFIX',
      ...(kubernetes ? ['NAMESPACE'] : []),
      'ADDED',
      'REMOVED',
      'CHANGED',
      ...(leases ? ['LEASE ONLY'] : []),
    ],
    groups.map(({ resource, namespace, prefix, added, removed, changed, lease }) => [
      printable(resource ?? (prefix === '' ? '(no slash)' : (prefix ?? '(others)'))),
      ...(kubernetes ? [printable(namespace ?? '–')] : []),
      cell(added),
      cell(removed),
      cell(changed),
      ...(leases ? [cell(lease)] : []),
    ]),
    style,
  );
};

const sum = ({ added, removed, changed, lease, same }: DiffResult, style: Style): string => {
  const leases = lease === 0 ? '' : `, ${count(lease)} of them under another lease`;
  if (added + removed + changed === 0)
    return style.good(`no difference: ${count(same)} keys with the same values${leases}`);
  return style.look(
    `${count(added)} added, ${count(removed)} removed, ${count(changed)} changed; ${count(same)} the same${leases}`,
  );
};

const marks = { added: '+', removed: '-', changed: '~', lease: 'l' };

/** A line of `--keys`. */
export const changeText = ({ change, key, keyBase64 }: DiffEntry, style: Style): string => {
  const paint = { added: style.good, removed: style.bad, changed: style.look, lease: style.dim }[change];
  return paint(`${marks[change]} ${key === null ? `base64:${keyBase64}` : printable(key)}`);
};
