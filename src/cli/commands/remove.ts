import { removeText } from '../../report/remove.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { switchOption, textOption } from '../option.ts';
import { beforeOption, storeOptions } from '../options.ts';

export const remove = command({
  name: 'remove',
  summary: "remove one snapshot, with prune's rails and a reason",
  args: '<snapshot>',
  options: {
    ...storeOptions,
    before: beforeOption,
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
  },
  examples: [
    'snapback remove 20261122T061807Z-4f2a9c --reason "holds a leaked password"',
    'snapback remove latest --reason "taken from the wrong cluster" --even-newest',
  ],
  run: async ({ settings, sources, args }, context) =>
    (await import('../../job/remove.ts')).remove(
      { ...settings, ...storeSettings(settings, sources), snapshot: args[0] ?? '' },
      context,
    ),
  text: removeText,
  quiet: result => result.id,
});
