/** What a living etcd is asked, compared with what etcdctl says of the same. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alarmsIn, disarmAlarms, listAlarms } from '../src/etcd/alarms.ts';
import { authEnabled } from '../src/etcd/auth.ts';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { hashKV } from '../src/etcd/hashkv.ts';
import { listMembers } from '../src/etcd/members.ts';
import { countKeys, linearizedRevision, readAny } from '../src/etcd/read.ts';
import { refusalOf } from '../src/etcd/refusal.ts';
import { type MemberStatus, memberStatus } from '../src/etcd/status.ts';
import { writeAndRemove } from '../src/etcd/write.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { freePorts } from './support/ports.ts';
import { need, testedMinors } from './support/programs.ts';
import { rejection } from './support/rejection.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { member, readyThrowaway } from './support/throwaways.ts';

const { signal } = new AbortController();

describe.each(testedMinors)('etcd %s', async minor => {
  const programs = await need(minor);
  const etcd = programs?.etcd ?? '';
  const newer = !['3.4', '3.5'].includes(minor);

  describe.skipIf(!programs)('one member', () => {
    let cluster: EtcdCluster;
    let client: EtcdClient;
    beforeAll(async () => {
      cluster = await startEtcd({ etcd });
      client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    });
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    const etcdctl = async (...args: string[]) => {
      const all = [`--endpoints=${cluster.endpoints[0]}`, ...args];
      const env = { PATH: process.env.PATH, ETCDCTL_API: '3' };
      return (await promisify(execFile)(programs?.etcdctl ?? '', all, { env })).stdout;
    };
    /** One number or text of `-w fields`, which prints ids without rounding them. */
    const field = (printed: string, name: string) =>
      new RegExp(`^"${name}" : "?([^"\\n]*)"?$`, 'm').exec(printed)?.[1] ?? null;

    test('the status is the one that etcdctl prints', async () => {
      await fill(cluster.settings(), { count: 300, size: 100, prefix: 'status-' });
      let printed = '';
      let status: MemberStatus;
      // The file grows, and the data takes the version of the server, some moments after the first start.
      do {
        await sleep(50);
        printed = await etcdctl('endpoint', 'status', '-w', 'fields');
        status = await memberStatus(client, { signal });
      } while (
        (newer && status.storageVersion === null) ||
        status.dbSize !== Number(field(printed, 'DBSize'))
      );
      expect(status).toMatchObject({
        endpoint: cluster.endpoints[0],
        clusterId: field(printed, 'ClusterID'),
        memberId: field(printed, 'MemberID'),
        version: programs?.version,
        revision: Number(field(printed, 'Revision')),
        raftTerm: Number(field(printed, 'RaftTerm')),
        leader: field(printed, 'Leader'),
        learner: false,
        dbSize: Number(field(printed, 'DBSize')),
        errors: [],
      });
      expect(status.revision).toBeGreaterThan(1);
      expect(status.raftIndex).toBeGreaterThan(0);
      expect(status.raftAppliedIndex).toBeGreaterThan(0);
      expect(status.dbSizeInUse).toBeGreaterThan(0);
      if (newer) expect(status.storageVersion).toMatch(/^3\.\d\.0$/);
      else expect(status.storageVersion).toBeNull();
      if (newer) expect(status.quota).toBe(2 * 1024 ** 3);
      else expect(status.quota).toBeNull();
    });

    test('the members are those that etcdctl prints', async () => {
      const printed = await etcdctl('member', 'list', '-w', 'fields');
      expect(await listMembers(client, { signal })).toEqual([
        {
          id: field(printed, 'ID'),
          name: 'm0',
          peerURLs: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)],
          clientURLs: cluster.endpoints,
          learner: false,
        },
      ]);
    });

    test('keys are counted at an explicit revision, until it is compacted', async () => {
      const before = await linearizedRevision(client, { signal });
      const counted = await countKeys(client, before, { signal });
      await fill(cluster.settings(), { count: 7, size: 10, prefix: 'count-' });
      const after = await linearizedRevision(client, { signal });
      expect(after).toBeGreaterThan(before);
      expect(await countKeys(client, after, { signal })).toBe((counted ?? 0) + 7);
      expect(await countKeys(client, before, { signal })).toBe(counted);
      await etcdctl('compact', String(after));
      expect(await countKeys(client, before, { signal })).toBeNull();
    });

    test('the hash at an explicit revision is the one of etcdctl and stays when more is written', async () => {
      await fill(cluster.settings(), { count: 50, size: 100, prefix: 'hash-' });
      const revision = await linearizedRevision(client, { signal });
      const printed = await etcdctl('endpoint', 'hashkv', `--rev=${revision}`, '-w', 'fields');
      const answer = await hashKV(client, revision, { signal });
      expect(answer).toMatchObject({ refused: null, hash: Number(field(printed, 'Hash')) });
      if (answer.refused !== null) throw new Error('no hash');
      expect(answer.hashRevision).toBe(newer ? revision : null);
      await fill(cluster.settings(), { count: 50, size: 100, prefix: 'hash-' });
      expect(await hashKV(client, revision, { signal })).toMatchObject({ hash: answer.hash });
      expect(await hashKV(client, revision + 1, { signal })).not.toMatchObject({ hash: answer.hash });
    });

    test('there is no hash of a compacted revision nor of a future one, and both are told apart', async () => {
      const revision = await linearizedRevision(client, { signal });
      await fill(cluster.settings(), { count: 2, size: 10, prefix: 'gone-' });
      const newest = await linearizedRevision(client, { signal });
      await etcdctl('compact', String(newest));
      expect(await hashKV(client, revision, { signal })).toMatchObject({ refused: 'compacted' });
      const { compactRevision } = (await hashKV(client, newest, { signal })) as { compactRevision?: number };
      // At the compact revision itself old versions refuse, and newer ones may name the compaction before.
      if (compactRevision !== undefined) expect(compactRevision).toBeLessThanOrEqual(newest);
      expect(await hashKV(client, newest + 1000, { signal })).toMatchObject({ refused: 'future' });
    });

    test('a key is read both ways, written and removed', async () => {
      const before = await linearizedRevision(client, { signal });
      await writeAndRemove(client, '!probe', { signal });
      expect(await linearizedRevision(client, { signal })).toBe(before + 2);
      expect((await etcdctl('get', '!probe', '--rev', String(before + 1))).split('\n')[0]).toBe('!probe');
      expect(await etcdctl('get', '!probe')).toBe('');
      for (const serializable of [true, false]) {
        const { key, revision } = await readAny(client, { serializable, signal });
        expect(key?.toString()).toMatch(/^(count|gone|hash|status)-/);
        expect(revision).toBe(before + 2);
      }
    });

    test('authentication is known to be off, also when a user was given', async () => {
      expect(await authEnabled(client, { signal })).toBe(false);
      await using other = await openClient(cluster.settings({ user: 'somebody' }), client.endpoint, {
        signal,
      });
      expect(other.loggedIn).toBe(false);
      expect(await linearizedRevision(other, { signal })).toBeGreaterThan(0);
    });

    test('no proxy of the environment is used', async () => {
      const [port] = await freePorts(1);
      const names = ['http_proxy', 'https_proxy', 'grpc_proxy'];
      const before = names.map(name => process.env[name]);
      for (const name of names) process.env[name] = `http://127.0.0.1:${port}`;
      try {
        await using other = await openClient(cluster.settings(), client.endpoint, { signal });
        expect((await memberStatus(other, { signal })).version).toBe(programs?.version);
        expect(await linearizedRevision(other, { signal })).toBeGreaterThan(0);
      } finally {
        names.forEach((name, index) => {
          const value = before[index];
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        });
      }
    });

    test('a call ends with the reason of its signal', async () => {
      const controller = new AbortController();
      const reason = new Error('enough');
      await cluster.members[0]?.signal('SIGSTOP');
      try {
        const calls = [
          memberStatus(client, controller),
          linearizedRevision(client, controller),
          hashKV(client, 1, controller),
        ];
        const settled = Promise.allSettled(calls);
        setTimeout(() => controller.abort(reason), 100);
        for (const one of await settled) expect(one).toEqual({ status: 'rejected', reason });
      } finally {
        await cluster.members[0]?.signal('SIGCONT');
      }
    });

    test('a member that stops answers no call within the idle timeout', async () => {
      await using hasty = await openClient(cluster.settings({ idleTimeout: 300 }), client.endpoint, {
        signal,
      });
      await cluster.members[0]?.signal('SIGSTOP');
      try {
        const expected = { code: 'etcd', reason: 'did not answer within 0.3 s' };
        expect(await rejection(memberStatus(hasty, { signal }))).toMatchObject(expected);
        expect(await rejection(listMembers(hasty, { signal }))).toMatchObject(expected);
        expect(
          await rejection(openClient(cluster.settings({ dialTimeout: 300 }), client.endpoint, { signal })),
        ).toMatchObject({
          code: 'etcd',
          reason: 'accepted the connection but did not answer within 0.3 s',
        });
      } finally {
        await cluster.members[0]?.signal('SIGCONT');
      }
    });
  });

  test.skipIf(!programs)('the NOSPACE alarm is listed, forbids writes and is disarmed', async () => {
    await using cluster = await startEtcd({ etcd, args: ['--quota-backend-bytes=3000000'] });
    await using client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    expect(await listAlarms(client, { signal })).toEqual([]);
    const full = await rejection(fill(cluster.settings(), { count: 40_000, size: 1000 }));
    expect(refusalOf(full)).toBe('no-space');
    const { memberId, errors } = await memberStatus(client, { signal });
    expect(await listAlarms(client, { signal })).toEqual([{ memberId, type: 'NOSPACE' }]);
    expect(alarmsIn(errors)).toEqual([{ memberId, type: 'NOSPACE' }]);
    expect(await rejection(writeAndRemove(client, 'probe', { signal }))).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining('takes no writes'),
      hint: expect.stringContaining('alarm disarm'),
    });
    expect(await disarmAlarms(client, { signal })).toEqual([{ memberId, type: 'NOSPACE' }]);
    expect(await listAlarms(client, { signal })).toEqual([]);
  });

  test.skipIf(!programs)('a throwaway is reached over its unix socket by both clients', async () => {
    await using folder = await temporaryFolder();
    const dataDirs = [member('m0', join(folder.path, 'data'))];
    if (!programs) return;
    await using throwaway = await readyThrowaway(programs, folder.path, dataDirs);
    const [endpoint = ''] = throwaway.endpoints;
    const settings = { endpoints: [], cacert: null, cert: null, key: null, user: null, password: null };
    const limits = { insecureSkipTlsVerify: false, dialTimeout: 30_000, idleTimeout: 60_000 };
    await using client = await openClient({ ...settings, ...limits }, endpoint, { signal });
    await writeAndRemove(client, 'probe', { signal });
    expect((await memberStatus(client, { signal })).revision).toBe(3);
    expect(await linearizedRevision(client, { signal })).toBe(3);
  });

  test.skipIf(!programs)('a call says so when the member is gone', async () => {
    await using cluster = await startEtcd({ etcd });
    await using client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    await linearizedRevision(client, { signal });
    await cluster.members[0]?.signal('SIGKILL');
    for (const call of [memberStatus, linearizedRevision, listMembers]) {
      const error = await rejection(call(client, { signal }) as Promise<unknown>);
      expect(error).toMatchObject({
        code: 'etcd',
        reason: expect.stringContaining('closed or lost the connection'),
      });
      expect(error.message).not.toMatch(/circuit/i);
    }
  });
});
