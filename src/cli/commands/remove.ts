import { removeText } from '../../report/remove.ts';
import { command } from '../command.ts';
import { snapshotSettings } from '../job-settings.ts';
import { switchOption, textOption } from '../option.ts';
import { snapshotOptions } from '../options.ts';

export const remove = command({
  name: 'remove',
  summary: "remove one snapshot, with prune's rails and a reason",
  args: '<snapshot>',
  options: {
    ...snapshotOptions,
    reason: textOption({
      flag: 'reason',
      value: 'TEXT',
      help: 'why it must go; required',
      fallback: null,
      inConfig: false,
    }),
    evenNewest: switchOption({
      flag: 'even-newest',
      help: 'remove it even if it is the newest good or the newest verified one',
      fallback: false,
      inConfig: false,
    }),
    allVersions: switchOption({
      flag: 'all-versions',
      help: 'in a bucket that keeps versions: also remove those of the snapshot, which may have been removed before',
      fallback: false,
    }),
  },
  examples: [
    'snapback remove 20261122T061807Z-4f2a9c --reason "holds a leaked password"',
    'snapback remove latest --reason "taken from the wrong cluster" --even-newest',
    'snapback remove 20261122T061807Z-4f2a9c --reason "holds a leaked password" --all-versions',
  ],
  run: async (invocation, context) => {
    const { reason, evenNewest, allVersions } = invocation.settings;
    const settings = { ...snapshotSettings(invocation), reason, evenNewest, allVersions };
    return (await import('../../job/remove.ts')).remove(settings, context);
  },
  text: removeText,
  quiet: result => result.id,
});
