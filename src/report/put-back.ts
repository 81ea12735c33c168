import { count, size } from '../figures.ts';
import type { Keys, PutBackDone, PutBackResult } from '../job/put-back-result.ts';
import { age } from './age.ts';
import { keyText } from './key-text.ts';
import { label } from './label.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** What is, or would be, done with which keys; what to know about it; and in the last lines what it comes to. */
export const putBackText = (result: PutBackResult, style: Style): string =>
  [
    ...head(result, style).map(([name, text]) => label(name, text, style.dim)),
    table(['WHAT', 'KEYS', 'SIZE', 'SUCH AS'], rows(result, style), style),
    ...notes(result, style).map(([name, text]) => label(name, text, style.dim)),
    verdict(result, style),
  ].join('\n');

/** How many keys were written, or in a dry run would be. */
export const putBackQuiet = ({ plan, done }: PutBackResult): string =>
  `${done ? done.created.keys + done.overwritten.keys : plan.create.keys + plan.overwrite.keys}`;

const head = ({ snapshot, taken, into }: PutBackResult, style: Style): [string, string][] => [
  ['snapshot', `${printable(snapshot)}${taken === null ? '' : `, taken ${age(taken, style)}`}`],
  ['into', `${printable(into.endpoint)} (${printable(into.version)}), cluster ${hex(into.clusterId)}`],
];

const rows = ({ plan, done }: PutBackResult, style: Style): string[][] => {
  const all: [string, Keys][] = [
    ...(done ? doneRows(done) : plannedRows(plan)),
    ['same', plan.same],
    [style.look('exists, left'), plan.exists],
    [style.look('volatile, left'), plan.volatile],
  ];
  return all
    .filter(([, { keys }]) => keys > 0)
    .map(([name, keys]) => [name, count(keys.keys), size(keys.bytes), sample(keys)]);
};

const plannedRows = ({ create, overwrite }: PutBackResult['plan']): [string, Keys][] => [
  ['create', create],
  ['overwrite', overwrite],
];

const doneRows = ({ created, overwritten, changed, tooLarge, inDoubt }: PutBackDone): [string, Keys][] => [
  ['created', created],
  ['overwritten', overwritten],
  ['changed, left', changed],
  ['TOO LARGE', tooLarge],
  ['IN DOUBT', inDoubt],
];

const sample = ({ keys, sample }: Keys): string => {
  const shown = sample.slice(0, 3);
  return `${shown.map(keyText).join(' ')}${keys > shown.length ? ' …' : ''}`;
};

const notes = (result: PutBackResult, style: Style): [string, string][] => {
  const { plan, onlyInCluster, leased, encrypted, kubernetes, sameCluster, volatileResources } = result;
  const notes: [string, string][] = [];
  if (sameCluster === false)
    notes.push([
      'cluster',
      style.look(
        `the snapshot is of another etcd cluster than ${hex(result.into.clusterId)}: one that was restored since, or a stranger`,
      ),
    ]);
  if (onlyInCluster > 0)
    notes.push(['others', `${plural(onlyInCluster)} of the cluster that the snapshot has not: left alone`]);
  if (plan.exists.keys > 0)
    notes.push([
      'exists',
      `${plural(plan.exists.keys)} with another value in the cluster; --overwrite replaces it`,
    ]);
  for (const { resource, keys, why } of volatileResources)
    notes.push([
      'volatile',
      `${count(keys)} of ${printable(resource)}: ${why}; --include-volatile writes them`,
    ]);
  for (const namespace of result.missingNamespaces.slice(0, 5))
    notes.push([
      'namespace',
      style.look(
        `${printable(namespace)} is not in the cluster: put /registry/namespaces/${printable(namespace)} back too, or nothing can be done with these objects`,
      ),
    ]);
  if (leased > 0)
    notes.push([
      'leases',
      `${plural(leased)} hung on a lease, which is not put back: what is created stays until it is removed, what is overwritten stays on the lease that it has`,
    ]);
  if (encrypted > 0)
    notes.push([
      'encrypted',
      `${plural(encrypted)} encrypted at rest: API servers read them only with the same key in their EncryptionConfiguration`,
    ]);
  if (kubernetes)
    notes.push([
      'kubernetes',
      'written past validation, admission and audit of the API server, which sees it at once as any other change',
    ]);
  return notes;
};

const verdict = (result: PutBackResult, style: Style): string => {
  const { plan, done, dryRun, stopped } = result;
  if (dryRun || !done) return dryVerdict(result);
  const { created, overwritten, changed, tooLarge, inDoubt } = done;
  const written = created.keys + overwritten.keys;
  if (stopped !== null) {
    const planned = plan.create.keys + plan.overwrite.keys;
    const doubt =
      inDoubt.keys > 0
        ? ` Of ${plural(inDoubt.keys)} more it is not known, since the answer to the last transaction was lost.`
        : '';
    return [
      style.bad(`STOPPED after ${count(written)} of ${plural(planned)}: ${printable(stopped)}`),
      `What was written stays.${doubt} Run the same command again: it passes over what is there.`,
    ].join('\n');
  }
  const left = plan.exists.keys + plan.volatile.keys + changed.keys + tooLarge.keys;
  const all = written + plan.same.keys + left;
  const wrote = written === 0 ? 'Nothing was written' : `Put back ${plural(written)}`;
  const there = all === 1 ? 'it is' : `all ${plural(all)} are`;
  if (left === 0) return style.good(`${wrote}: ${there} in the cluster as in the snapshot.`);
  const still = left === 1 ? 'differs still and was left as it is' : 'differ still and were left as they are';
  return style.look(`${wrote}; ${count(left)} of ${plural(all)} ${still}.`);
};

const dryVerdict = ({ plan }: PutBackResult): string => {
  const planned = plan.create.keys + plan.overwrite.keys;
  const left = plan.exists.keys + plan.volatile.keys;
  const would = planned === 0 ? 'Would write nothing' : `Would put back ${plural(planned)}`;
  const rest = left > 0 ? `, and leave ${count(left)} that ${left === 1 ? 'differs' : 'differ'}` : '';
  return `${would}${rest}. Nothing was written (dry run).`;
};

const plural = (keys: number): string => `${count(keys)} ${keys === 1 ? 'key' : 'keys'}`;

const hex = (decimal: string): string => BigInt(decimal).toString(16);
