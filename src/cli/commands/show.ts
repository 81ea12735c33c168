import { showText } from '../../report/show.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { beforeOption, storeOptions } from '../options.ts';

export const show = command({
  name: 'show',
  summary: 'one manifest and its verdicts',
  args: '<snapshot>',
  options: { ...storeOptions, before: beforeOption },
  examples: ['snapback show latest', 'snapback show latest --before 2026-11-22 --json'],
  run: async ({ settings, sources, args }, context) =>
    (await import('../../job/show.ts')).show(
      { ...settings, ...storeSettings(settings, sources), snapshot: args[0] ?? '' },
      context,
    ),
  text: showText,
  quiet: result => result.manifest.id,
});
