/**
 * Retention cases as text files: `now`, `policy`, and a line a snapshot with its id, its flags, and what the plan
 * says of it. A file is its own input: everything left of the decision is read, the rest is expected.
 */

import { timeOf } from '../../src/catalog/id.ts';
import type { Policy } from '../../src/catalog/policy.ts';
import type { Candidate, Decision } from '../../src/catalog/retention.ts';

export type RetentionCase = { title: string; now: Date; policy: Policy; candidates: Candidate[] };

export const noPolicy: Policy = {
  keepLast: null,
  keepHourly: null,
  keepDaily: null,
  keepWeekly: null,
  keepMonthly: null,
  keepYearly: null,
  keepWithin: null,
  minKeep: null,
  timeZone: null,
};

export const readCase = (text: string): RetentionCase => {
  const [title = '', now = '', policy = '', ...lines] = text.split('\n').filter(line => line.trim() !== '');
  return {
    title: title.replace(/^# /, ''),
    now: new Date(now.replace(/^now +/, '')),
    policy: readPolicy(policy.replace(/^policy +/, '')),
    candidates: lines.map(readCandidate),
  };
};

export const writeCase = (
  { title, now, policy, candidates }: RetentionCase,
  decisions: Decision[],
): string => {
  const rules = Object.entries(policy).flatMap(([rule, value]) =>
    value === null ? [] : [`${rule}=${value}`],
  );
  const head = [`# ${title}`, `now     ${now.toISOString()}`, `policy  ${rules.join(' ')}`];
  const lines = decisions.map(one => {
    const candidate = candidates.find(other => other.id === one.id);
    const flags = candidate ? flagNames.filter(flag => candidate[flag]).join(',') || '-' : '?';
    const future = one.futureDated ? ' (future)' : '';
    return `${one.id}  ${flags.padEnd(15)}  ${one.keep ? 'keep  ' : 'remove'}${future}  ${one.reasons.join('; ')}`;
  });
  return `${[...head, '', ...lines].join('\n')}\n`;
};

const flagNames = ['bad', 'pinned', 'verified'] as const;

const readCandidate = (line: string): Candidate => {
  const [id = '', flags = '-'] = line.split(/ +/);
  const has = (flag: string) => flags.split(',').includes(flag);
  return { id, started: timeOf(id), bad: has('bad'), pinned: has('pinned'), verified: has('verified') };
};

const readPolicy = (text: string): Policy => {
  const given = text
    .split(/ +/)
    .filter(Boolean)
    .map(one => one.split('='));
  const values = given.map(([rule, value]) => [rule, rule === 'timeZone' ? value : Number(value)]);
  return { ...noPolicy, ...Object.fromEntries(values) };
};
