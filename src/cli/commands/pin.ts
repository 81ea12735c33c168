import { pinText } from '../../report/pin.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { textOption } from '../option.ts';
import { beforeOption, storeOptions } from '../options.ts';

export const pin = command({
  name: 'pin',
  summary: 'keep a snapshot whatever the policy says',
  args: '<snapshot>',
  options: {
    ...storeOptions,
    before: beforeOption,
    reason: textOption({
      flag: 'reason',
      value: 'TEXT',
      help: 'why it is kept; shown wherever the pin is',
      fallback: null,
      inConfig: false,
    }),
  },
  examples: ['snapback pin latest --reason "before the upgrade"', 'snapback pin 4f2a9c'],
  run: async ({ settings, sources, args }, context) =>
    (await import('../../job/pin.ts')).pin(
      { ...settings, ...storeSettings(settings, sources), snapshot: args[0] ?? '' },
      context,
    ),
  text: pinText,
  quiet: result => result.id,
  nothing: 'Nothing was pinned.',
});
