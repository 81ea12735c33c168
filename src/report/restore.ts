import type { RestoreResult } from '../job/restore.ts';
import type { RestorePlan } from '../job/restore-plan.ts';
import { age, duration, size } from './figures.ts';
import { label } from './label.ts';
import type { Style } from './style.ts';

export const restoreText = (result: RestoreResult, style: Style): string => {
  const { plan, done, seconds } = result;
  if (!done)
    return [...planLines(plan, style), ...after(plan), style.dim('Nothing was written (dry run).')].join(
      '\n',
    );
  const where = plan.target.kind === 'file' ? plan.target.file : plan.target.dataDir;
  return [
    style.good(`restored ${plan.snapshot} into ${where} in ${duration(seconds)}`),
    ...planLines(plan, style),
    ...after(plan),
  ].join('\n');
};

const planLines = (plan: RestorePlan, style: Style): string[] => {
  const { target, program, space } = plan;
  return [
    label('Snapshot', snapshotText(plan, style)),
    ...(program ? [label('Program', `${program.name} ${program.version} (${program.path})`)] : []),
    ...(target.kind === 'file'
      ? [label('File', target.file)]
      : [
          label('Member', `${target.name}  ${target.initialAdvertisePeerUrls.join(',')}  ${target.dataDir}`),
          ...(target.walDir ? [label('WAL', target.walDir)] : []),
          label('Cluster', target.initialCluster),
          label('Token', target.initialClusterToken),
        ]),
    label('Space', `${size(space.needed)} needed, ${size(space.free)} free in ${space.folder}`),
  ];
};

const snapshotText = (plan: RestorePlan, style: Style): string => {
  const facts = [
    plan.snapshot,
    plan.taken && age(plan.taken, style),
    plan.etcdVersion && `etcd ${plan.etcdVersion}`,
  ]
    .filter(Boolean)
    .join(', ');
  if (plan.verified) return `${facts}, ${style.good('verified')}`;
  const other = plan.newestVerified
    ? ` (the newest verified is ${plan.newestVerified.id}: latest-verified)`
    : '';
  return `${facts}, ${style.look(`NOT VERIFIED${other}`)}`;
};

const after = ({ target }: RestorePlan): string[] => {
  if (target.kind === 'file') return ['Afterwards: etcdutl snapshot restore takes this file as it is.'];
  return [
    'Afterwards',
    `  1. give the directory to the user that etcd runs as: chown -R etcd: ${target.dataDir}`,
    '  2. start etcd on it with the same name, peer URLs and cluster as above:',
    `     etcd --name ${target.name} --data-dir ${target.dataDir} --initial-cluster ${target.initialCluster} --initial-cluster-token ${target.initialClusterToken} --initial-advertise-peer-urls ${target.initialAdvertisePeerUrls.join(',')} …`,
    '  3. revisions went back: restart whatever watches etcd (for Kubernetes: kube-apiserver first, then all controllers and kubelets).',
  ];
};
