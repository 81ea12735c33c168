import { pruneQuiet, pruneText } from '../../report/prune.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { durationOption, numberOption, switchOption, textOption } from '../option.ts';
import { storeOptions, utcOption } from '../options.ts';

const keep = (flag: string, what: string) => numberOption({ flag, help: `keep ${what}`, fallback: null });

const policyOptions = {
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

export const prune = command({
  name: 'prune',
  summary: 'apply the retention policy; --dry-run prints the same plan',
  args: '',
  options: {
    ...storeOptions,
    ...policyOptions,
    maxDelete: textOption({
      flag: 'max-delete',
      value: 'N|PERCENT',
      help: 'refuse to remove more than this, such as 20 or 30% (default: 50% once there are ten)',
      fallback: null,
    }),
    yes: switchOption({
      flag: 'yes',
      help: 'remove more than --max-delete allows',
      fallback: false,
      inConfig: false,
    }),
    dryRun: switchOption({
      flag: 'dry-run',
      help: 'print the plan and remove nothing',
      fallback: false,
      inConfig: false,
    }),
    removeOrphans: switchOption({
      flag: 'remove-orphans',
      help: 'also remove objects that have had no manifest for 24 hours',
      fallback: false,
      inConfig: false,
    }),
    utc: utcOption,
  },
  examples: [
    'snapback prune --keep-last 3 --keep-daily 7 --keep-monthly 6 --dry-run',
    'snapback prune --keep-within 36h --keep-daily 14 --min-keep 5',
  ],
  run: async ({ settings, sources }, context) => {
    const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly, ...rest } = settings;
    const { keepWithin, minKeep, timeZone } = rest;
    const counts = { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly };
    const policy = { ...counts, keepWithin, minKeep, timeZone };
    return (await import('../../job/prune.ts')).prune(
      { ...rest, ...storeSettings(settings, sources), policy },
      context,
    );
  },
  text: pruneText,
  quiet: pruneQuiet,
  nothing: 'Nothing was removed.',
});
