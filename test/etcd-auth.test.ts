/** Names, passwords and what they may do. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authEnabled } from '../src/etcd/auth.ts';
import { openClient } from '../src/etcd/client.ts';
import { hashKV } from '../src/etcd/hashkv.ts';
import { countKeys, linearizedRevision } from '../src/etcd/read.ts';
import type { EtcdSettings } from '../src/etcd/settings.ts';
import { openSnapshot } from '../src/etcd/snapshot.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { secret } from '../src/secret.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { need, testedMinors } from './support/programs.ts';
import { rejection } from './support/rejection.ts';

const { signal } = new AbortController();
const nobody = { user: null, password: null };
const auth = { root: secret('the password of root'), bob: secret('the password of bob') };

describe.each(testedMinors)('etcd %s with authentication', async minor => {
  const programs = await need(minor);

  describe.skipIf(!programs)('', () => {
    let cluster: EtcdCluster;
    beforeAll(async () => {
      // Tokens that end at once where nobody uses them: a snapshot may take longer than the usual five minutes.
      cluster = await startEtcd({
        etcd: programs?.etcd ?? '',
        tls: true,
        auth,
        args: minor === '3.4' ? [] : ['--auth-token-ttl=1'],
      });
    });
    afterAll(() => cluster?.[Symbol.asyncDispose]());
    const open = (changed: Partial<EtcdSettings> = {}) =>
      openClient(cluster.settings(changed), cluster.endpoints[0] ?? '', { signal });

    test('root may do everything', async () => {
      await using client = await open();
      expect(client.loggedIn).toBe(true);
      const revision = await linearizedRevision(client, { signal });
      expect((await memberStatus(client, { signal })).revision).toBe(revision);
      expect(await countKeys(client, revision, { signal })).toBe(0);
      expect(await hashKV(client, revision, { signal })).toMatchObject({ refused: null });
      expect(await authEnabled(client, { signal })).toBe(true);
      await using snapshot = await openSnapshot(client, { signal, idleTimeout: 30_000 });
      let size = 0;
      for await (const chunk of snapshot.body) size += chunk.length;
      expect(size).toBe(snapshot.total + 32);
    });

    // 3.4 has no --auth-token-ttl: its tokens live for five minutes.
    if (minor !== '3.4')
      test('a login that has ended is renewed, for both clients and the stream', async () => {
        await using client = await open();
        await memberStatus(client, { signal });
        // Not a deadline: only time ends a token, and the server looks at its clock once a second.
        await sleep(3000);
        expect((await memberStatus(client, { signal })).version).toBe(programs?.version);
        await sleep(3000);
        expect(await linearizedRevision(client, { signal })).toBeGreaterThan(0);
        await sleep(3000);
        await using snapshot = await openSnapshot(client, { signal, idleTimeout: 30_000 });
        expect(snapshot.total).toBeGreaterThan(0);
        expect(cluster.output()).toContain('invalid auth token');
      });

    test.each<[string, Partial<EtcdSettings>]>([
      ['a wrong password', { password: secret('a guess') }],
      ['no password', { password: null }],
      ['a user that does not exist', { user: 'nobody' }],
    ])('%s is refused, and said nowhere', async (_, changed) => {
      const error = await rejection(open(changed));
      expect(error).toMatchObject({
        code: 'etcd',
        operation: 'log in',
        reason: expect.stringContaining(`refused the password of user ${changed.user ?? 'root'}`),
        hint: expect.stringContaining('--password'),
      });
      expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toMatch(
        /a guess|the password of root/,
      );
    });

    test('a certificate alone is a user without rights, and one with rights is wanted', async () => {
      await using client = await open(nobody);
      const expected = {
        code: 'etcd',
        reason: expect.stringContaining('without a user'),
        hint: expect.stringContaining('--user'),
      };
      expect(await rejection(linearizedRevision(client, { signal }))).toMatchObject(expected);
      expect(await rejection(openSnapshot(client, { signal, idleTimeout: 30_000 }))).toMatchObject(expected);
      expect(await authEnabled(client, { signal })).toBe(true);
    });

    test('a user without the root role may read, and is told what a snapshot and a hash need', async () => {
      await using client = await open({ user: 'bob', password: auth.bob });
      const revision = await linearizedRevision(client, { signal });
      expect(revision).toBeGreaterThan(0);
      const expected = {
        code: 'etcd',
        reason: expect.stringContaining('user bob does not have the root role'),
        hint: expect.stringContaining('root'),
      };
      expect(await rejection(openSnapshot(client, { signal, idleTimeout: 30_000 }))).toMatchObject(expected);
      expect(await rejection(hashKV(client, revision, { signal }))).toMatchObject(expected);
      expect(await authEnabled(client, { signal })).toBe(true);
    });
  });

  test.skipIf(!programs)('without TLS too, no user is told to give one', async () => {
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '', auth });
    await using client = await openClient(cluster.settings(nobody), cluster.endpoints[0] ?? '', { signal });
    expect(client.loggedIn).toBe(false);
    expect(await rejection(linearizedRevision(client, { signal }))).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining('wants a user'),
      hint: expect.stringContaining('--user'),
    });
    expect(await authEnabled(client, { signal })).toBe(true);
  });
});
