import { restoreText } from '../../report/restore.ts';
import { command } from '../command.ts';
import { openSettings } from '../job-settings.ts';
import { listOption, switchOption, textOption } from '../option.ts';
import { openOptions } from '../options.ts';

const path = (flag: string, value: string, help: string) =>
  textOption({ flag, value, help, fallback: null, inConfig: false });

export const restore = command({
  name: 'restore',
  summary: "make a member's data directory from a snapshot",
  args: '[snapshot]',
  options: {
    dataDir: path('data-dir', 'DIR', 'the data directory to make; new or empty'),
    output: path('output', 'FILE', 'write the bare file that etcdctl snapshot save would have written'),
    walDir: path('wal-dir', 'DIR', 'the directory of the write-ahead log, where it is to be apart'),
    name: path('name', 'NAME', 'the name of the member (default: that of the member the snapshot came from)'),
    initialCluster: path(
      'initial-cluster',
      'NAME=URL,…',
      'the members of the new cluster (default: this one alone)',
    ),
    initialClusterToken: path(
      'initial-cluster-token',
      'TOKEN',
      'token of the new cluster (default: a new one)',
    ),
    initialAdvertisePeerUrls: listOption({
      flag: 'initial-advertise-peer-urls',
      value: 'URL,…',
      help: 'peer URLs of the member (default: as in the manifest)',
      comma: true,
      fallback: [],
      inConfig: false,
    }),
    dryRun: switchOption({
      flag: 'dry-run',
      help: 'print the plan and write nothing',
      fallback: false,
      inConfig: false,
    }),
    ...openOptions,
  },
  examples: [
    'snapback restore --data-dir ./restored --dry-run',
    'snapback restore latest-verified --data-dir /var/lib/etcd-restored',
    'snapback restore 4f2a9c --output ./etcd.db',
  ],
  run: async (invocation, context) => {
    const { settings, args } = invocation;
    return (await import('../../job/restore.ts')).restore(
      {
        ...openSettings(invocation),
        snapshot: args[0] ?? 'latest',
        dataDir: settings.dataDir,
        output: settings.output,
        walDir: settings.walDir,
        name: settings.name,
        initialCluster: settings.initialCluster,
        initialClusterToken: settings.initialClusterToken,
        initialAdvertisePeerUrls: settings.initialAdvertisePeerUrls,
        dryRun: settings.dryRun,
      },
      context,
    );
  },
  text: restoreText,
  quiet: ({ plan }) => (plan.target.kind === 'file' ? plan.target.file : plan.target.dataDir),
  nothing: 'Nothing was restored.',
});
