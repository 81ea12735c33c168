import { verifyText } from '../../report/verify.ts';
import { command } from '../command.ts';
import { credentials, openSettings, signKey } from '../job-settings.ts';
import { choiceOption, switchOption } from '../option.ts';
import { etcdOptions, openOptions } from '../options.ts';
import { signOptions } from '../signature-options.ts';

const { user, password, passwordFile, dialTimeout, idleTimeout } = etcdOptions;

export const verify = command({
  name: 'verify',
  summary: 'prove that snapshots restore',
  args: '[snapshot...]',
  options: {
    level: choiceOption({
      flag: 'level',
      choices: ['object', 'content', 'drill'] as const,
      help: 'object compares the stored bytes; content also reads the database in them, without etcd; drill also restores it into a throwaway etcd (default: drill)',
      fallback: 'drill',
    }),
    noRecord: switchOption({ flag: 'no-record', help: 'write no verdict into the store', fallback: false }),
    skipVerified: switchOption({
      flag: 'skip-verified',
      help: 'pass over those that a drill has proven already',
      fallback: false,
    }),
    ...openOptions,
    ...signOptions,
    user,
    password,
    passwordFile,
    dialTimeout,
    idleTimeout,
  },
  examples: [
    'snapback verify',
    'snapback verify latest~1 --level object',
    'snapback verify --level content --identity key.txt',
    'snapback verify ./made-by-etcdctl.db',
  ],
  run: async (invocation, context) => {
    const { settings, args } = invocation;
    return (await import('../../job/verify.ts')).verify(
      {
        ...openSettings(invocation),
        ...credentials(settings),
        snapshots: args,
        level: settings.level,
        record: !settings.noRecord,
        signKey: signKey(settings.signKey),
        skipVerified: settings.skipVerified,
        dialTimeout: settings.dialTimeout,
        idleTimeout: settings.idleTimeout,
      },
      context,
    );
  },
  text: verifyText,
  quiet: ({ verifications }) =>
    verifications
      .filter(one => one.pass !== false)
      .map(one => one.snapshot)
      .join('\n'),
  verdict: true,
});
