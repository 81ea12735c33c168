import { pinText } from '../../report/pin.ts';
import { command } from '../command.ts';
import { snapshotSettings } from '../job-settings.ts';
import { textOption } from '../option.ts';
import { snapshotOptions } from '../options.ts';

export const pin = command({
  name: 'pin',
  summary: 'keep a snapshot whatever the policy says',
  args: '<snapshot>',
  options: {
    ...snapshotOptions,
    reason: textOption({
      flag: 'reason',
      value: 'TEXT',
      help: 'why it is kept; shown wherever the pin is',
      fallback: null,
      inConfig: false,
    }),
  },
  examples: ['snapback pin latest --reason "before the upgrade"', 'snapback pin 4f2a9c'],
  run: async (invocation, context) =>
    (await import('../../job/pin.ts')).pin(
      { ...snapshotSettings(invocation), reason: invocation.settings.reason },
      context,
    ),
  text: pinText,
  quiet: result => result.id,
  nothing: 'Nothing was pinned.',
});
