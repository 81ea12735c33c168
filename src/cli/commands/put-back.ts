import { setFlagsFromString } from 'node:v8';
import { SnapbackError } from '../../errors.ts';
import { putBackQuiet, putBackText } from '../../report/put-back.ts';
import { command } from '../command.ts';
import { withEtcdHint } from '../etcd-hint.ts';
import { contentSettings, etcdSettings } from '../job-settings.ts';
import { objectOptions } from '../object-options.ts';
import { listOption, switchOption } from '../option.ts';
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
    ...objectOptions,
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
    'snapback put-back latest~1 --resource secrets --namespace shop --name db --dry-run',
    'snapback put-back latest --prefix /registry/configmaps/shop/',
    'snapback put-back 4f2a9c /config/limits /config/quotas --overwrite',
  ],
  run: async (invocation, context) => {
    // What etcd answers key by key is garbage at once, and V8 would let 100 MiB of it lie before it collects any.
    setFlagsFromString('--optimize-for-size');
    const { settings, args } = invocation;
    const { overwrite, includeVolatile, revision, dryRun } = settings;
    const [snapshot = '', ...keys] = args;
    const which = { snapshot, keys, prefixes: settings.prefix, resource: resourceOf(settings), revision };
    const asked = { ...which, overwrite, includeVolatile, dryRun };
    const { putBack: job } = await import('../../job/put-back.ts');
    const whole = { ...contentSettings(invocation), etcd: etcdSettings(settings), ...asked };
    return withEtcdHint('put-back', invocation, job(whole, context));
  },
  text: putBackText,
  quiet: putBackQuiet,
  nothing: 'Nothing was written.',
  verdict: true,
});

type Flags = { resource: string | null; namespace: string | null; name: string | null };

const resourceOf = ({ resource, namespace, name }: Flags) => {
  if (resource !== null) return { resource, namespace, name };
  if (namespace === null && name === null) return null;
  throw new SnapbackError('usage', {
    operation: 'start',
    object: 'the command line',
    reason: 'has --namespace or --name, which only mean something with --resource',
    hint: 'See snapback put-back --help.',
  });
};
