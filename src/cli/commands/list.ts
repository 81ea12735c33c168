import { listText } from '../../report/list.ts';
import { command } from '../command.ts';
import { storeSettings } from '../job-settings.ts';
import { switchOption } from '../option.ts';
import { readOptions, utcOption } from '../options.ts';
import { policyIfAny, policyOptions } from '../policy-options.ts';

export const list = command({
  name: 'list',
  summary: 'the snapshots of a cluster',
  args: '',
  options: {
    ...readOptions,
    all: switchOption({
      flag: 'all',
      help: 'all of them, not only the newest 50',
      fallback: false,
      inConfig: false,
    }),
    allClusters: switchOption({
      flag: 'all-clusters',
      help: 'of every cluster in the store',
      fallback: false,
      inConfig: false,
    }),
    ...policyOptions,
    utc: utcOption,
  },
  examples: [
    'snapback list',
    'snapback list --store file:///var/backups/etcd --all-clusters',
    'snapback list --keep-daily 7 --keep-monthly 6     # and why prune would keep each',
    'snapback list --json',
  ],
  run: async ({ settings, sources }, context) =>
    (await import('../../job/list.ts')).list(
      {
        store: storeSettings(settings, sources),
        policy: policyIfAny(settings),
        all: settings.all,
        allClusters: settings.allClusters,
      },
      context,
    ),
  text: listText,
  quiet: result => result.clusters.flatMap(({ snapshots }) => snapshots.map(({ id }) => id)).join('\n'),
});
