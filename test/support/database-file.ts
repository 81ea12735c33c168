/** Snapshot files of real etcds, by `etcdctl snapshot save`, and what their etcd said of itself meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from '../../src/etcd/client.ts';
import { type MemberStatus, memberStatus } from '../../src/etcd/status.ts';
import type { Programs } from '../../src/programs/find.ts';
import type { EtcdCluster } from './etcd.ts';
import { etcdctl } from './programs.ts';

const { signal } = new AbortController();

/** Waits until an etcd that writes the version of its data has done so, which it does in its first seconds. */
export const storageVersionWritten = async (cluster: EtcdCluster, { minor }: Programs): Promise<void> => {
  if (minor === '3.4' || minor === '3.5') return;
  // Until then it says 3.5.0, which it takes it for.
  while ((await statusOf(cluster)).storageVersion !== `${minor}.0`) await sleep(50);
};

/** Takes a snapshot into `file`. Only for a cluster without TLS. */
export const snapshotInto = async (
  file: string,
  cluster: EtcdCluster,
  programs: Programs,
): Promise<MemberStatus> => {
  await storageVersionWritten(cluster, programs);
  await etcdctl(programs, cluster.endpoints[0] ?? '', ['snapshot', 'save', file]);
  return await statusOf(cluster);
};

const statusOf = async (cluster: EtcdCluster): Promise<MemberStatus> => {
  const settings = cluster.settings();
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  return await memberStatus(client, { signal });
};
