import { pinText } from '../../report/pin.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { beforeOption, storeOptions } from '../options.ts';

export const unpin = command({
  name: 'unpin',
  summary: 'let the policy decide on a snapshot again',
  args: '<snapshot>',
  options: { ...storeOptions, before: beforeOption },
  examples: ['snapback unpin 4f2a9c'],
  run: async ({ settings, sources, args }, context) =>
    (await import('../../job/pin.ts')).unpin(
      { ...settings, ...storeSettings(settings, sources), snapshot: args[0] ?? '' },
      context,
    ),
  text: pinText,
  quiet: result => result.id,
});
