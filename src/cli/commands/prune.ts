import { pruneQuiet, pruneText } from '../../report/prune.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { switchOption, textOption } from '../option.ts';
import { readOptions, utcOption } from '../options.ts';
import { policyOf, policyOptions } from '../policy-options.ts';

export const prune = command({
  name: 'prune',
  summary: 'apply the retention policy; --dry-run prints the same plan',
  args: '',
  options: {
    ...readOptions,
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
    extendLocks: switchOption({
      flag: 'extend-locks',
      help: 'lock what is kept for the period of --s3-object-lock from now, where its lock ends sooner',
      fallback: false,
    }),
    allVersions: switchOption({
      flag: 'all-versions',
      help: 'in a bucket that keeps versions: also remove those of the snapshots that are removed, or were before',
      fallback: false,
    }),
    utc: utcOption,
  },
  examples: [
    'snapback prune --keep-last 3 --keep-daily 7 --keep-monthly 6 --dry-run',
    'snapback prune --keep-within 36h --keep-daily 14 --min-keep 5',
    'snapback prune --keep-daily 30 --extend-locks --s3-object-lock governance:14d --dry-run',
  ],
  run: async ({ settings, sources }, context) => {
    const { maxDelete, yes, dryRun, removeOrphans, extendLocks, allVersions } = settings;
    const rails = { maxDelete, yes, dryRun, removeOrphans, extendLocks, allVersions };
    return (await import('../../job/prune.ts')).prune(
      { ...storeSettings(settings, sources), policy: policyOf(settings), ...rails },
      context,
    );
  },
  text: pruneText,
  quiet: pruneQuiet,
  nothing: 'Nothing was removed.',
});
