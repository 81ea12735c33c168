import { showText } from '../../report/show.ts';
import { command } from '../command.ts';
import { snapshotSettings } from '../job-settings.ts';
import { snapshotOptions } from '../options.ts';

export const show = command({
  name: 'show',
  summary: 'one manifest and its verdicts',
  args: '<snapshot>',
  options: snapshotOptions,
  examples: ['snapback show latest', 'snapback show latest --before 2026-11-22 --json'],
  run: async (invocation, context) =>
    (await import('../../job/show.ts')).show(snapshotSettings(invocation), context),
  text: showText,
  quiet: result => result.manifest.id,
});
