/** The retention policy as options: what prune carries out and what list tells of. */
import type { PruneSettings } from '../job/prune.ts';
import { durationOption, numberOption, textOption, type Values } from './option.ts';

const keep = (flag: string, what: string) => numberOption({ flag, help: `keep ${what}`, fallback: null });

export const policyOptions = {
  keepLast: keep('keep-last', 'the newest N'),
  keepHourly: keep('keep-hourly', 'the newest of each of the last N hours that have one'),
  keepDaily: keep('keep-daily', 'the newest of each of the last N days that have one'),
  keepWeekly: keep('keep-weekly', 'the newest of each of the last N weeks that have one'),
  keepMonthly: keep('keep-monthly', 'the newest of each of the last N months that have one'),
  keepYearly: keep('keep-yearly', 'the newest of each of the last N years that have one'),
  keepWithin: durationOption({
    flag: 'keep-within',
    help: 'keep all that are at most this much older than the newest good one',
    fallback: null,
  }),
  minKeep: keep('min-keep', 'at least the N newest good ones, whatever the other rules say'),
  timeZone: textOption({
    flag: 'time-zone',
    value: 'ZONE',
    help: 'where hours, days, weeks, months and years begin, such as Europe/Berlin (default: UTC)',
    fallback: null,
  }),
};

export const policyOf = (values: Values<typeof policyOptions>): PruneSettings['policy'] => {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, ...rest } = values;
  const counts = { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly };
  return { ...counts, keepWithin: rest.keepWithin, minKeep: rest.minKeep, timeZone: rest.timeZone };
};

/** Null where nobody has set a rule; a time zone alone is none. */
export const policyIfAny = (values: Values<typeof policyOptions>): PruneSettings['policy'] | null => {
  const policy = policyOf(values);
  const { timeZone: _, ...rules } = policy;
  return Object.values(rules).some(rule => rule !== null) ? policy : null;
};
