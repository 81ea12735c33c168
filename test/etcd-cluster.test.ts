/** Several members: who is there, who serves, who computes the hash, and what is left without a quorum. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isLeader } from '../src/etcd/candidate.ts';
import { chooseHashMember, chooseMembers } from '../src/etcd/choose.ts';
import { openClient } from '../src/etcd/client.ts';
import { discover } from '../src/etcd/discover.ts';
import { hashKV } from '../src/etcd/hashkv.ts';
import { listMembers } from '../src/etcd/members.ts';
import { countKeys, linearizedRevision, readAny } from '../src/etcd/read.ts';
import { refusalOf } from '../src/etcd/refusal.ts';
import { openSnapshot } from '../src/etcd/snapshot.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { secret } from '../src/secret.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { spawnEtcd } from './support/etcd-process.ts';
import { fill } from './support/fill.ts';
import { silentListener } from './support/listeners.ts';
import { freePorts } from './support/ports.ts';
import { need } from './support/programs.ts';
import { rejection } from './support/rejection.ts';

const { signal } = new AbortController();
const programs = await need('3.6');
const etcd = programs?.etcd ?? '';

describe.skipIf(!programs)('three members with mutual TLS', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcd({ etcd, members: 3, tls: true, auth: { root: secret('root’s own') } });
    await fill(cluster.settings(), { count: 100, size: 100 });
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());
  const endpointsOf = (found: { endpoint: string }[]) => found.map(({ endpoint }) => endpoint);

  test('one endpoint leads to all members, and itself comes first', async () => {
    for (const endpoint of cluster.endpoints) {
      const { candidates, members, away } = await discover(cluster.settings({ endpoints: [endpoint] }), {
        signal,
      });
      expect(endpointsOf(candidates).sort()).toEqual([...cluster.endpoints].sort());
      expect(candidates.map(({ named }) => named)).toEqual(['alone', 'no', 'no']);
      expect(members.map(({ name }) => name).sort()).toEqual(['m0', 'm1', 'm2']);
      expect(away).toEqual([]);
      expect(chooseMembers(candidates, null)[0].endpoint).toBe(endpoint);
      expect(candidates.filter(isLeader)).toHaveLength(1);
    }
  });

  test('of several a follower serves, another follower computes the hash, and both have the same data', async () => {
    const { candidates } = await discover(cluster.settings(), { signal });
    expect(endpointsOf(candidates)).toEqual(cluster.endpoints);
    const [serving, , last] = chooseMembers(candidates, null);
    expect(isLeader(serving)).toBe(false);
    expect(last && isLeader(last)).toBe(true);
    const hasher = chooseHashMember(candidates, serving);
    expect(hasher?.status.memberId).not.toBe(serving.status.memberId);
    expect(hasher && isLeader(hasher)).toBe(false);
    const hashes = await Promise.all(
      [serving, hasher ?? serving].map(async ({ endpoint }) => {
        await using client = await openClient(cluster.settings(), endpoint, { signal });
        const revision = await linearizedRevision(client, { signal });
        return [revision, await hashKV(client, revision, { signal })];
      }),
    );
    expect(hashes[0]).toEqual(hashes[1]);
  });

  test('nobody else is looked for when only the named ones are wanted', async () => {
    const endpoints = cluster.endpoints.slice(0, 1);
    const { candidates } = await discover(cluster.settings({ endpoints }), { signal, onlyNamed: true });
    expect(endpointsOf(candidates)).toEqual(endpoints);
  });

  test('named endpoints that are dead or silent are told and missed by nobody', async () => {
    await using silent = await silentListener();
    const [port] = await freePorts(1);
    const dead = `https://127.0.0.1:${port}`;
    const endpoints = [dead, `https://${silent.address}`, cluster.endpoints[1] ?? ''];
    const settings = cluster.settings({ endpoints, dialTimeout: 5000 });
    const { candidates, away } = await discover(settings, { signal });
    expect(endpointsOf(candidates).sort()).toEqual([...cluster.endpoints].sort());
    expect(candidates[0]).toMatchObject({ endpoint: cluster.endpoints[1], named: 'among others' });
    expect(away.map(({ endpoint, error }) => [endpoint, error.reason])).toEqual([
      [dead, 'refused the connection'],
      [
        `https://${silent.address}`,
        'accepted the connection but did not answer the TLS handshake within 5 s',
      ],
    ]);
    const alone = await rejection(discover({ ...settings, endpoints: [dead] }, { signal }));
    expect(alone).toMatchObject({ code: 'etcd', object: `etcd ${dead}`, reason: 'refused the connection' });
    const both = await rejection(discover({ ...settings, endpoints: endpoints.slice(0, 2) }, { signal }));
    expect(both.reason).toContain(
      `etcd ${dead} refused the connection; etcd https://${silent.address} accepted`,
    );
  });

  test('one member named twice is one', async () => {
    const [endpoint = ''] = cluster.endpoints;
    const endpoints = [endpoint, endpoint.replace('127.0.0.1', 'localhost')];
    const { candidates } = await discover(cluster.settings({ endpoints }), { signal, onlyNamed: true });
    expect(endpointsOf(candidates)).toEqual([endpoint]);
  });

  test('a wrong file or password ends the search with its own error', async () => {
    expect(await rejection(discover(cluster.settings({ cacert: '/nowhere' }), { signal }))).toMatchObject({
      code: 'usage',
    });
    const wrong = cluster.settings({ endpoints: cluster.endpoints.slice(0, 1), password: secret('a guess') });
    expect(await rejection(discover(wrong, { signal }))).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining('refused the password'),
    });
  });

  test('with one member of three left: no quorum, and still its status, its own reads and its snapshot', async () => {
    const [survivor, ...others] = cluster.members;
    await using client = await openClient(cluster.settings(), survivor?.endpoint ?? '', { signal });
    const revision = await linearizedRevision(client, { signal });
    await Promise.all(others.map(member => member.signal('SIGKILL')));
    const error = await rejection(linearizedRevision(client, { signal }));
    expect(error).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining('could not reach a quorum'),
      hint: expect.stringContaining('members'),
    });
    expect(refusalOf(error)).toBe('quorum');
    expect(refusalOf(await rejection(readAny(client, { serializable: false, signal })))).toBe('quorum');

    expect((await memberStatus(client, { signal })).revision).toBe(revision);
    expect(await listMembers(client, { signal })).toHaveLength(3);
    expect(await countKeys(client, revision, { signal })).toBe(100);
    expect(await hashKV(client, revision, { signal })).toMatchObject({ refused: null });
    await using snapshot = await openSnapshot(client, { signal, idleTimeout: 30_000 });
    let size = 0;
    for await (const chunk of snapshot.body) size += chunk.length;
    expect(size).toBe(snapshot.total + 32);

    // A login asks the quorum too, and ends with the dial timeout where etcd takes longer to give up.
    const hasty = cluster.settings({ dialTimeout: 3000 });
    expect(await rejection(openClient(hasty, survivor?.endpoint ?? '', { signal }))).toMatchObject({
      code: 'etcd',
      operation: 'log in',
      reason: 'did not answer within 3 s',
    });
  });
});

describe.skipIf(!programs)('other clusters', () => {
  test('endpoints of two clusters are refused as usage', async () => {
    await using one = await startEtcd({ etcd });
    await using two = await startEtcd({ etcd });
    const endpoints = [...one.endpoints, ...two.endpoints];
    expect(await rejection(discover(one.settings({ endpoints }), { signal }))).toMatchObject({
      code: 'usage',
      reason: 'belong to different etcd clusters',
    });
  });

  test('what a client URL leads to is no candidate when it is another cluster', async () => {
    await using other = await startEtcd({ etcd });
    const args = [`--advertise-client-urls=${other.endpoints[0]}`];
    await using cluster = await startEtcd({ etcd, members: 3, args });
    const endpoints = cluster.endpoints.slice(0, 1);
    const { candidates, members } = await discover(cluster.settings({ endpoints }), { signal });
    expect(members.flatMap(({ clientURLs }) => clientURLs)).toEqual([1, 2, 3].map(() => other.endpoints[0]));
    expect(candidates.map(({ endpoint }) => endpoint)).toEqual(endpoints);
  });

  test('a learner gives its status and its snapshot, but no hash and no quorum, and is chosen by name only', async () => {
    await using cluster = await startEtcd({ etcd });
    await fill(cluster.settings(), { count: 50, size: 100 });
    await using client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    const [clientPort, peerPort, healthPort] = await freePorts(3);
    const peer = `http://127.0.0.1:${peerPort}`;
    await client.etcd3(
      (etcd3, options) => etcd3.cluster.memberAdd({ peerURLs: [peer], isLearner: true }, options),
      { operation: 'add a learner', signal },
    );
    const [first] = await listMembers(client, { signal }).then(all =>
      all.filter(({ name }) => name === 'm0'),
    );
    const dataDir = join(cluster.folder, 'learner');
    const endpoint = `http://127.0.0.1:${clientPort}`;
    await using learner = await spawnEtcd({
      program: etcd,
      endpoint,
      // Only one that takes part in votes is healthy by etcd's own word; this one needs to listen.
      health: `http://127.0.0.1:${healthPort}/metrics`,
      dataDir,
      args: [
        '--name=learner',
        `--data-dir=${dataDir}`,
        `--listen-client-urls=${endpoint}`,
        `--advertise-client-urls=${endpoint}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--listen-metrics-urls=http://127.0.0.1:${healthPort}`,
        `--initial-cluster=m0=${first?.peerURLs[0]},learner=${peer}`,
        '--initial-cluster-state=existing',
      ],
    });
    await using there = await openClient(cluster.settings(), learner.endpoint, { signal });
    const revision = await linearizedRevision(client, { signal });
    while ((await memberStatus(there, { signal })).revision < revision) await sleep(20);

    expect((await memberStatus(there, { signal })).learner).toBe(true);
    expect(await hashKV(there, revision, { signal })).toEqual({
      refused: 'learner',
      reason: expect.stringContaining('learner'),
    });
    expect(refusalOf(await rejection(linearizedRevision(there, { signal })))).toBe('learner');
    await using snapshot = await openSnapshot(there, { signal, idleTimeout: 30_000 });
    let size = 0;
    for await (const chunk of snapshot.body) size += chunk.length;
    expect(size).toBe(snapshot.total + 32);

    const found = await discover(cluster.settings({ endpoints: [endpoint, ...cluster.endpoints] }), {
      signal,
    });
    expect(found.candidates).toHaveLength(2);
    expect(chooseMembers(found.candidates, null).map(one => one.endpoint)).toEqual(cluster.endpoints);
    const named = await discover(cluster.settings({ endpoints: [endpoint] }), { signal });
    const [serving] = chooseMembers(named.candidates, null);
    expect(serving.endpoint).toBe(endpoint);
    expect(chooseHashMember(named.candidates, serving)).toBeNull();
  });
});
