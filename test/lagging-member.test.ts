/** One of three members is cut from the others while writes go on: what it has is old, and it does not know. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../src/catalog/manifest.ts';
import { openClient } from '../src/etcd/client.ts';
import { listMembers } from '../src/etcd/members.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { type PeerNetwork, peerNetwork } from './support/peer-network.ts';
import { until } from './support/processes.ts';
import { need } from './support/programs.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const { signal } = new AbortController();

describe.skipIf(programs === null)('a member that is cut from the other two while writes go on', () => {
  let network: PeerNetwork;
  let cluster: EtcdCluster;
  let lagging: string;
  let others: string[];
  let newest: number;

  const ask = async (endpoint: string) => {
    await using client = await openClient(cluster.settings(), endpoint, { signal });
    const [status, members] = await Promise.all([
      memberStatus(client, { signal }),
      listMembers(client, { signal }),
    ]);
    return { ...status, member: members.find(({ id }) => id === status.memberId) };
  };

  beforeAll(async () => {
    network = peerNetwork();
    const peerDoor = network.door;
    cluster = await startEtcd({ etcd: programs?.etcd ?? '', members: 3, peerDoor });
    await fill(cluster.settings(), { count: 100, size: 100 });
    const asked = await Promise.all(cluster.endpoints.map(ask));
    const follower = asked.find(({ memberId, leader }) => memberId !== leader);
    if (!follower) throw new Error('no follower');
    lagging = follower.endpoint;
    others = cluster.endpoints.filter(endpoint => endpoint !== lagging);
    network.cut({ id: follower.memberId, peer: new URL(follower.member?.peerURLs[0] ?? '').host });
    // Until it has noticed: before that no member knows of anything.
    await until(async () => (await ask(lagging)).leader === '0');
    await fill(cluster.settings({ endpoints: others }), { count: 1000, size: 100, prefix: 'later-' });
    newest = (await ask(others[0] ?? '')).revision;
    expect((await ask(lagging)).revision).toBeLessThan(newest);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await network?.[Symbol.asyncDispose]();
  });

  const save = (store: string, endpoints: string[], ...more: string[]) =>
    snapback(['save', ...connection(cluster.settings({ endpoints })), '--store', store, '--json', ...more]);
  const manifestOf = (ran: Ran) => {
    expect(ran.code).toBe(0);
    return JSON.parse(ran.stdout).result.manifest;
  };
  /** The other two have all writes, and the fingerprint is of them too. */
  const isFresh = ({ taken, fingerprint }: Manifest) => {
    expect(others).toContain(taken.endpoint);
    expect(taken.linearizedRevision).toBe(newest);
    expect(fingerprint?.revision).toBe(newest);
  };

  it('does not serve where others are named, not even with --allow-no-quorum', async () => {
    await using store = await temporaryFolder();
    const all = [lagging, ...others];
    isFresh(manifestOf(await save(store.path, all)));
    isFresh(manifestOf(await save(store.path, all, '--allow-no-quorum')));
  });

  it('named alone it fails, and the next member that it knows of serves', async () => {
    await using store = await temporaryFolder();
    const ran = await save(store.path, [lagging]);
    isFresh(manifestOf(ran));
    expect(ran.stderr).toContain(`etcd ${lagging} is cut off from the other members`);
    expect(ran.stderr).toContain('trying the next member');
  });

  it('as the only one that may serve it is refused within the idle timeout', async () => {
    await using store = await temporaryFolder();
    for (const [only, reason] of [
      [[[lagging], '--no-discover'], 'reaches no quorum of its cluster'],
      [[[lagging, ...others], '--from', lagging], 'is cut off from the other members'],
    ] as const) {
      const [endpoints, ...more] = only;
      const ran = await save(store.path, [...endpoints], ...more, '--idle-timeout', '2s');
      expect(JSON.parse(ran.stdout).error).toEqual({
        code: 'etcd',
        operation: 'read the newest revision through the quorum',
        object: `etcd ${lagging}`,
        cause: `${reason}, so writes that were acknowledged may be missing in it`,
        hint: expect.stringContaining('--allow-no-quorum'),
      });
      expect(ran.code).toBe(30);
    }
    await expect(readdir(store.path)).resolves.toEqual([]);
  });

  it('is saved with --allow-no-quorum, which the output and the manifest say', async () => {
    await using store = await temporaryFolder();
    const ran = await save(store.path, [lagging], '--allow-no-quorum');
    const { taken, etcd, fingerprint } = manifestOf(ran);
    expect(ran.stderr).toContain(`warning: etcd ${lagging} is cut off from the other members`);
    expect(ran.stderr).toContain('NOT KNOWN TO BE FRESH');
    expect(taken).toMatchObject({ endpoint: lagging, linearizedRevision: null });
    expect(etcd.revisionAfter).toBeLessThan(newest);
    expect(fingerprint).toBeNull();
  });
});
