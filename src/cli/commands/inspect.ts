import { inspectText } from '../../report/inspect.ts';
import { command } from '../command.ts';
import { contentSettings } from '../job-settings.ts';
import { numberOption, textOption } from '../option.ts';
import { contentOptions, utcOption } from '../options.ts';

export const inspect = command({
  name: 'inspect',
  summary: 'what is in a snapshot, without etcd: keys and bytes, members, leases, alarms, auth; no values',
  args: '[snapshot]',
  options: {
    prefix: textOption({
      flag: 'prefix',
      value: 'P',
      help: 'only the keys that begin with P',
      fallback: null,
      inConfig: false,
    }),
    depth: numberOption({
      flag: 'depth',
      help: 'sums of the keys by N levels of their prefix (default: by resource and namespace of Kubernetes where it is one, else 2)',
      most: 16,
      fallback: null,
      inConfig: false,
    }),
    top: numberOption({
      flag: 'top',
      help: 'how many rows, largest values and most changed keys are shown (default: 10)',
      most: 1000,
      fallback: 10,
      inConfig: false,
    }),
    utc: utcOption,
    ...contentOptions,
  },
  examples: [
    'snapback inspect latest',
    'snapback inspect ./etcd.db --depth 3 --top 20',
    'snapback inspect 4f2a9c --prefix /registry/secrets/ --json',
  ],
  run: async (invocation, context) => {
    const { settings, args } = invocation;
    return (await import('../../job/inspect.ts')).inspect(
      {
        ...contentSettings(invocation),
        snapshot: args[0] ?? 'latest',
        prefix: settings.prefix,
        depth: settings.depth,
        top: settings.top,
      },
      context,
    );
  },
  text: inspectText,
  quiet: ({ revision }) => String(revision),
});
