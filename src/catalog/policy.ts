/** What a retention policy consists of. */
import { SnapbackError } from '../errors.ts';
import type { Period } from './period.ts';

/** Counts are whole numbers; null is a rule that is not set, and so is 0. */
export type Policy = {
  keepLast: number | null;
  keepHourly: number | null;
  keepDaily: number | null;
  keepWeekly: number | null;
  keepMonthly: number | null;
  keepYearly: number | null;
  /** Milliseconds, counted back from the newest good snapshot. */
  keepWithin: number | null;
  /** Not a rule that keeps, but a floor below all of them. */
  minKeep: number | null;
  /** IANA name; null is UTC. */
  timeZone: string | null;
};

export type CountRule = 'last' | Period;

/** The rules that count, in the order in which reasons are told. */
export const countRules = (policy: Policy): [CountRule, number][] =>
  (
    [
      ['last', policy.keepLast],
      ['hourly', policy.keepHourly],
      ['daily', policy.keepDaily],
      ['weekly', policy.keepWeekly],
      ['monthly', policy.keepMonthly],
      ['yearly', policy.keepYearly],
    ] as [CountRule, number | null][]
  ).flatMap(([rule, count]) => (count ? [[rule, count]] : []));

/** Throws `usage` for a policy that keeps nothing, and for numbers that are none. */
export const checkPolicy = (policy: Policy): void => {
  const counts = { ...policy, keepWithin: null, timeZone: null };
  for (const [name, count] of Object.entries(counts))
    if (count !== null && !(Number.isSafeInteger(count) && count >= 0))
      throw wrong(`${name} is ${count}, which is not a whole number from 0 on`, 'Give a number such as 7.');
  if (policy.keepWithin !== null && !(Number.isFinite(policy.keepWithin) && policy.keepWithin >= 0))
    throw wrong('keepWithin is not a length of time', 'Give one such as 36h or 7d.');
  if (countRules(policy).length === 0 && !policy.keepWithin)
    throw wrong(
      'says nothing to keep, so all but the newest would go',
      'Set at least one of --keep-last, --keep-hourly, --keep-daily, --keep-weekly, --keep-monthly, --keep-yearly, --keep-within.',
    );
};

const wrong = (reason: string, hint: string): SnapbackError =>
  new SnapbackError('usage', { operation: 'read the retention policy', object: 'policy', reason, hint });
