import { putBackQuiet, putBackText } from '../../report/put-back.ts';
import { command } from '../command.ts';
import { withEtcdHint } from '../etcd-hint.ts';
import { contentSettings, etcdSettings } from '../job-settings.ts';
import { listOption, numberOption, switchOption } from '../option.ts';
import { contentOptions, etcdOptions, utcOption } from '../options.ts';

export const putBack = command({
  name: 'put-back',
  summary: 'put keys of a snapshot back into a living cluster, after a plan',
  args: '<snapshot> [key...]',
  options: {
    prefix: listOption({
      flag: 'prefix',
      value: 'TEXT',
      help: 'the keys that begin with it; may be repeated',
      fallback: [],
      inConfig: false,
    }),
    overwrite: switchOption({
      flag: 'overwrite',
      help: 'also replace what has another value in the cluster',
      fallback: false,
      inConfig: false,
    }),
    includeVolatile: switchOption({
      flag: 'include-volatile',
      help: 'also write kinds of Kubernetes that do harm when they are old: Events, Leases, Endpoints, Pods, …',
      fallback: false,
      inConfig: false,
    }),
    revision: numberOption({
      flag: 'revision',
      help: 'as the keys were at this revision, where the snapshot still has it (default: its newest)',
      fallback: null,
      least: 1,
      inConfig: false,
    }),
    dryRun: switchOption({
      flag: 'dry-run',
      help: 'print the plan and write nothing',
      fallback: false,
      inConfig: false,
    }),
    ...contentOptions,
    ...etcdOptions,
    utc: utcOption,
  },
  examples: [
    'snapback put-back latest --prefix /registry/secrets/shop/ --dry-run',
    'snapback put-back 4f2a9c /config/limits /config/quotas --overwrite',
  ],
  run: async (invocation, context) => {
    const { settings, args } = invocation;
    const { prefix, overwrite, includeVolatile, revision, dryRun } = settings;
    const [snapshot = '', ...keys] = args;
    const asked = { snapshot, keys, prefixes: prefix, overwrite, includeVolatile, revision, dryRun };
    const { putBack: job } = await import('../../job/put-back.ts');
    const whole = { ...contentSettings(invocation), etcd: etcdSettings(settings), ...asked };
    return withEtcdHint('put-back', invocation, job(whole, context));
  },
  text: putBackText,
  quiet: putBackQuiet,
  nothing: 'Nothing was written.',
  verdict: true,
});
