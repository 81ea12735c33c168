import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { listMembers } from '../src/etcd/members.ts';
import type { Programs } from '../src/programs/find.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { spawnEtcd } from './support/etcd-process.ts';
import { fill } from './support/fill.ts';
import { freePorts } from './support/ports.ts';
import { etcdctl, need } from './support/programs.ts';
import { snapback } from './support/snapback.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const { signal } = new AbortController();

/** Saves from the endpoints, drills it, and gives what was recorded and what was printed. */
const savedAndDrilled = async (
  endpoints: string[],
  { meanwhile = async () => {} }: { meanwhile?: () => Promise<void> } = {},
) => {
  await using folder = await temporaryFolder();
  const store = ['--store', folder.path];
  const [saved] = await Promise.all([
    snapback(['save', '--endpoints', endpoints.join(','), ...store, '--json']),
    meanwhile(),
  ]);
  expect(saved, saved.stdout).toMatchObject({ code: 0 });
  const drilled = await snapback(['verify', ...store]);
  expect(drilled.stdout).toMatch(/^RESTORABLE · /);
  expect(drilled.code).toBe(0);
  return { manifest: JSON.parse(saved.stdout).result.manifest, ...drilled };
};

const client = async (cluster: EtcdCluster) =>
  openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });

describe.skipIf(programs === null)('a drill of a snapshot', () => {
  test('of a learner', async () => {
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await fill(cluster.settings(), { count: 100, size: 100 });
    await using learner = await startLearner(cluster);
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'learner.db');
    await etcdctl(programs as Programs, learner.endpoint, ['snapshot', 'save', file]);
    const drilled = await snapback(['verify', file, '--etcd-version', '3.6']);
    expect(drilled.stderr).toMatch(/✓ same as file .*100 keys/);
    expect(drilled.stdout).toMatch(/^RESTORABLE · /);
    expect(drilled.code).toBe(0);
  });

  test('of a cluster of five members', async () => {
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '', members: 5 });
    await fill(cluster.settings(), { count: 100, size: 100 });
    const { manifest, stderr } = await savedAndDrilled(cluster.endpoints);
    expect(manifest.cluster.members).toHaveLength(5);
    expect(stderr).toMatch(/✓ same as living/);
  });

  test('with leases that end before the drill does', async () => {
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await using connected = await client(cluster);
    await connected.etcd3(
      async ({ kv, leaseClient }, options) => {
        for (let i = 0; i < 20; i++) {
          const { ID } = await leaseClient.leaseGrant({ TTL: 1 }, options);
          await kv.put({ key: Buffer.from(`leased-${i}`), value: Buffer.from('x'), lease: ID }, options);
        }
      },
      { operation: 'grant leases', signal },
    );
    await savedAndDrilled(cluster.endpoints);
  });

  test('that was taken while the cluster was written to and compacted', async () => {
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await fill(cluster.settings(), { count: 3000, size: 1000 });
    await using connected = await client(cluster);
    const busy = () =>
      connected.etcd3(
        async ({ kv }, options) => {
          for (let i = 0; i < 200; i++) {
            const { header } = await kv.put(
              { key: Buffer.from(`key-${i}`), value: Buffer.from('x') },
              options,
            );
            if (i % 10 === 0) await kv.compact({ revision: Number(header.revision) - 3 }, options);
          }
        },
        { operation: 'write and compact', signal, limit: null },
      );
    await savedAndDrilled(cluster.endpoints, { meanwhile: busy });
  });
});

/** A member that may not vote, of the cluster of one. */
const startLearner = async (cluster: EtcdCluster) => {
  if (!programs) throw new Error('no programs');
  await using connected = await client(cluster);
  const [first] = await listMembers(connected, { signal });
  const [port, peerPort, health] = await freePorts(3);
  const [endpoint, peer, metrics] = [port, peerPort, health].map(one => `http://127.0.0.1:${one}`);
  const dataDir = join(cluster.folder, 'learner', 'data');
  await mkdir(join(cluster.folder, 'learner'));
  await etcdctl(programs, cluster.endpoints[0] ?? '', [
    'member',
    'add',
    'l0',
    '--learner',
    `--peer-urls=${peer}`,
  ]);
  return await spawnEtcd({
    program: programs.etcd ?? '',
    endpoint: endpoint ?? '',
    health: `${metrics}/livez`,
    dataDir,
    args: [
      '--name=l0',
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${endpoint}`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--listen-metrics-urls=${metrics}`,
      `--initial-cluster=${first?.name}=${first?.peerURLs[0]},l0=${peer}`,
      '--initial-cluster-state=existing',
    ],
  });
};
