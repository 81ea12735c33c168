import { duration, size } from '../figures.ts';
import type { RestoreResult } from '../job/restore.ts';
import type { RestorePlan } from '../job/restore-plan.ts';
import { age, older } from './age.ts';
import { label } from './label.ts';
import { printable } from './printable.ts';
import { shellWord } from './shell.ts';
import type { Style } from './style.ts';

export const restoreText = (result: RestoreResult, style: Style): string => {
  const { plan, done, seconds } = result;
  const text = [...planLines(plan, style), ...after(plan)];
  if (!done) return [...text, 'Nothing was written (dry run).'].join('\n');
  const where = plan.target.kind === 'file' ? plan.target.file : plan.target.dataDir;
  const restored = `restored ${printable(plan.snapshot)} into ${printable(where)} in ${duration(seconds)}`;
  return [style.good(restored), ...text].join('\n');
};

const planLines = (plan: RestorePlan, style: Style): string[] => {
  const { target, program, space, passedOver } = plan;
  const line = (name: string, text: string) => label(name, printable(text), style.dim);
  return [
    label('Snapshot', snapshotText(plan, style), style.dim),
    ...passedOver.map(id => label('Not', style.look(`${id}, which is newer and bad`), style.dim)),
    ...(program ? [line('Program', `${program.name} ${program.version} (${program.path})`)] : []),
    ...(target.kind === 'file'
      ? [line('File', target.file)]
      : [
          line('Member', `${target.name}  ${target.initialAdvertisePeerUrls.join(',')}  ${target.dataDir}`),
          ...(target.walDir ? [line('WAL', target.walDir)] : []),
          line('Cluster', target.initialCluster),
          line(
            'Token',
            `${target.initialClusterToken}${target.newToken ? ' (new: old members cannot join)' : ''}`,
          ),
        ]),
    label('Space', spaceText(space, style), style.dim),
  ];
};

const spaceText = ({ needed, free, folder }: RestorePlan['space'], style: Style): string => {
  const text = printable(`${size(needed)} needed, ${size(free)} free in ${folder}`);
  return free < needed ? style.bad(`${text}: NOT ENOUGH`) : text;
};

const snapshotText = (plan: RestorePlan, style: Style): string => {
  const { snapshot, taken, etcdVersion, newestVerified } = plan;
  const facts = [
    printable(snapshot),
    taken && age(taken, style).replace(/ ago$/, ' old'),
    etcdVersion && `etcd ${printable(etcdVersion)}`,
  ]
    .filter(Boolean)
    .join(', ');
  if (plan.verified) return `${facts}, ${style.good('verified')}`;
  const than = newestVerified && taken ? `, ${older(newestVerified.at, taken)}` : '';
  const other = newestVerified
    ? ` (the newest verified is ${newestVerified.id}${than}: latest-verified)`
    : '';
  return `${facts}, ${style.look(`NOT VERIFIED${other}`)}`;
};

const after = ({ target }: RestorePlan): string[] => {
  if (target.kind === 'file') return ['Afterwards: etcdutl snapshot restore takes this file as it is.'];
  const { name, dataDir, walDir, initialCluster, initialClusterToken, initialAdvertisePeerUrls } = target;
  const directories = [dataDir, ...(walDir === null ? [] : [walDir])].map(shellWord);
  const flags = [
    `--name ${shellWord(name)} --data-dir ${directories.join(' --wal-dir ')}`,
    `--initial-cluster ${shellWord(initialCluster)}`,
    `--initial-cluster-token ${shellWord(initialClusterToken)}`,
    `--initial-advertise-peer-urls ${shellWord(initialAdvertisePeerUrls.join(','))}`,
  ];
  return [
    'Afterwards',
    `  1. give it to the user that etcd runs as: chown -R etcd: ${directories.join(' ')}`,
    '  2. start etcd on it with the same name, peer URLs and cluster, and its own listen and TLS flags:',
    `     etcd ${flags.join(' \\\n       ')} …`,
    '  3. revisions went back: restart whatever watches etcd',
    '     (for Kubernetes: kube-apiserver first, then all controllers and kubelets).',
  ];
};
