import { SnapbackError } from '../../errors.ts';
import type { OnChange } from '../../job/diff.ts';
import { changeText, diffText } from '../../report/diff.ts';
import { command } from '../command.ts';
import { withEtcdHint } from '../etcd-hint.ts';
import { contentSettings, etcdSettings } from '../job-settings.ts';
import { numberOption, switchOption, textOption } from '../option.ts';
import { contentOptions, etcdOptions, utcOption } from '../options.ts';

const toggle = (flag: string, help: string) => switchOption({ flag, help, fallback: false, inConfig: false });

export const diff = command({
  name: 'diff',
  summary: 'what changed between two snapshots, or a snapshot and the living cluster',
  args: '<from> [to]',
  options: {
    living: toggle('living', 'compare with the living cluster, read at one revision through its quorum'),
    prefix: textOption({
      flag: 'prefix',
      value: 'P',
      help: 'only the keys that begin with P',
      fallback: null,
      inConfig: false,
    }),
    depth: numberOption({
      flag: 'depth',
      help: 'sums by N segments of the keys (default: by resource and namespace of Kubernetes where it is one, else 2)',
      least: 1,
      fallback: null,
      inConfig: false,
    }),
    keys: toggle('keys', 'list the keys too: + added, - removed, ~ changed, l another lease'),
    exitCode: toggle('exit-code', 'end with 25 where they differ'),
    utc: utcOption,
    ...contentOptions,
    ...etcdOptions,
  },
  examples: [
    'snapback diff latest~1 latest',
    'snapback diff latest --living --preset kubeadm --prefix /registry/secrets/',
    'snapback diff ./monday.db ./tuesday.db --keys --exit-code',
  ],
  run: async (invocation, context) => {
    const { settings, args, rows } = invocation;
    const [from = '', to] = args;
    const { prefix, depth, exitCode } = settings;
    const onChange: OnChange = entry => {
      const text = changeText(entry, rows.style);
      return rows.row(entry, { text, bare: text });
    };
    const { diff: job } = await import('../../job/diff.ts');
    const asked = {
      content: contentSettings(invocation),
      from,
      to:
        settings.living && to === undefined
          ? { etcd: etcdSettings(settings) }
          : { snapshot: snapshotOf(to, settings) },
      prefix: prefix ?? '',
      depth,
      exitCode,
    };
    return withEtcdHint('diff', invocation, job(asked, settings.keys ? onChange : null, context));
  },
  rows: 'keys',
  text: diffText,
  quiet: () => '',
  verdict: true,
});

const snapshotOf = (to: string | undefined, { living }: { living: boolean }): string => {
  if (to !== undefined && !living) return to;
  throw new SnapbackError('usage', {
    operation: 'start',
    object: 'the command line',
    reason: living
      ? 'names two snapshots, and --living beside them'
      : 'names one snapshot, and nothing to compare it with',
    hint: 'Name two snapshots, or one with --living for the cluster as it is now.',
  });
};
