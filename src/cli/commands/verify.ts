import { verifyText } from '../../report/verify.ts';
import { command } from '../command.ts';
import { credentials, programSettings, readSecretFiles, storeSettings } from '../job-settings.ts';
import { choiceOption, switchOption } from '../option.ts';
import {
  beforeOption,
  etcdOptions,
  identityOption,
  programOptions,
  scratchOption,
  skipHashCheckOption,
  storeOptions,
} from '../options.ts';

const { user, password, passwordFile, dialTimeout, idleTimeout } = etcdOptions;

export const verify = command({
  name: 'verify',
  summary: 'prove that snapshots restore',
  args: '[snapshot...]',
  options: {
    ...storeOptions,
    level: choiceOption({
      flag: 'level',
      choices: ['object', 'content', 'drill'] as const,
      help: 'object compares the stored bytes; drill restores them into a throwaway etcd (default: drill)',
      fallback: 'drill',
    }),
    before: beforeOption,
    identity: identityOption,
    ...programOptions,
    scratch: scratchOption,
    noRecord: switchOption({ flag: 'no-record', help: 'write no verdict into the store', fallback: false }),
    skipVerified: switchOption({
      flag: 'skip-verified',
      help: 'pass over those that a drill has proven already',
      fallback: false,
    }),
    skipHashCheck: skipHashCheckOption,
    user,
    password,
    passwordFile,
    dialTimeout,
    idleTimeout,
  },
  examples: [
    'snapback verify',
    'snapback verify latest~1 --level object',
    'snapback verify ./made-by-etcdctl.db --etcd-version 3.6',
  ],
  run: async ({ settings, sources, args, env }, context) =>
    (await import('../../job/verify.ts')).verify(
      {
        store: storeSettings(settings, sources),
        programs: programSettings(settings, env),
        ...credentials(settings),
        snapshots: args,
        before: settings.before,
        level: settings.level,
        identities: readSecretFiles(settings.identity, 'an identity'),
        scratch: settings.scratch,
        record: !settings.noRecord,
        skipVerified: settings.skipVerified,
        skipHashCheck: settings.skipHashCheck,
        dialTimeout: settings.dialTimeout,
        idleTimeout: settings.idleTimeout,
      },
      context,
    ),
  text: verifyText,
  quiet: ({ verifications }) =>
    verifications
      .filter(one => one.pass !== false)
      .map(one => one.snapshot)
      .join('\n'),
  verdict: true,
});
