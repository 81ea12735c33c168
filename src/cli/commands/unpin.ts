import { pinText } from '../../report/pin.ts';
import { command } from '../command.ts';
import { snapshotSettings } from '../job-settings.ts';
import { snapshotOptions } from '../options.ts';

export const unpin = command({
  name: 'unpin',
  summary: 'let the policy decide on a snapshot again',
  args: '<snapshot>',
  options: snapshotOptions,
  examples: ['snapback unpin 4f2a9c'],
  run: async (invocation, context) =>
    (await import('../../job/pin.ts')).unpin(snapshotSettings(invocation), context),
  text: pinText,
  quiet: result => result.id,
});
