import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { openSnapshot } from '../src/etcd/snapshot.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { type FakeMaintenance, fakeMaintenance, type Sending } from './support/fake-maintenance.ts';
import { fill } from './support/fill.ts';
import { need, testedMinors } from './support/programs.ts';
import { rejection } from './support/rejection.ts';

const { signal } = new AbortController();
const idleTimeout = 30_000;
const run = promisify(execFile);

describe.each(testedMinors)('the snapshot of etcd %s', async minor => {
  const programs = await need(minor);

  describe.skipIf(!programs)('', () => {
    let cluster: EtcdCluster;
    let client: EtcdClient;
    beforeAll(async () => {
      cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
      // Several times what may be under way at once, so that a stop in the middle is one.
      await fill(cluster.settings(), { count: 12_000, size: 4000 });
      client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    });
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });

    test('is the very file that etcd makes, and is whole', async () => {
      const progress: number[][] = [];
      const onBytes = (...step: number[]) => progress.push(step);
      await using snapshot = await openSnapshot(client, { signal, idleTimeout, onBytes });
      const bytes = await buffer(snapshot.body);
      expect(bytes.length).toBe(snapshot.total + 32);
      expect(createHash('sha256').update(bytes.subarray(0, -32)).digest().equals(bytes.subarray(-32))).toBe(
        true,
      );
      expect(bytes.readUInt32LE(16)).toBe(0xed0cdaed);
      if (minor === '3.4' || minor === '3.5') expect(snapshot.version).toBeNull();
      expect(progress.at(-1)).toEqual([snapshot.total, snapshot.total]);
      expect(progress.every(([done = 0], index) => done >= (progress[index - 1]?.[0] ?? 0))).toBe(true);

      const folder = join(cluster.folder, 'file');
      await mkdir(folder);
      await writeFile(join(folder, 'own.db'), bytes);
      const environment = { env: { PATH: process.env.PATH, ETCDCTL_API: '3' } };
      const tool = programs?.etcdutl ?? programs?.etcdctl ?? '';
      await run(
        tool,
        ['snapshot', 'restore', join(folder, 'own.db'), '--data-dir', join(folder, 'data')],
        environment,
      );
      expect((await readFile(join(folder, 'data/member/snap/db'))).length).toBeGreaterThan(0);
    });

    test('waits for a slow reader and holds no more than the window meanwhile', async () => {
      let received = 0;
      const onBytes = (done: number) => {
        received = done;
      };
      await using snapshot = await openSnapshot(client, { signal, idleTimeout: 2000, onBytes });
      const iterator = snapshot.body[Symbol.asyncIterator]();
      await iterator.next();
      // Longer than the idle timeout: it is the reader who takes his time.
      await sleep(3000);
      expect(received).toBeLessThan(snapshot.total / 2);
      let size = 0;
      for (let next = await iterator.next(); !next.done; next = await iterator.next())
        size += next.value.length;
      expect(size).toBeGreaterThan(snapshot.total / 2);
      expect(received).toBe(snapshot.total);
    });

    test('ends with the reason of the signal', async () => {
      const controller = new AbortController();
      const reason = new Error('somebody pressed Ctrl-C');
      await using snapshot = await openSnapshot(client, { signal: controller.signal, idleTimeout });
      await readSome(snapshot.body);
      controller.abort(reason);
      await expect(buffer(snapshot.body)).rejects.toBe(reason);
      await expect(openSnapshot(client, { signal: controller.signal, idleTimeout })).rejects.toBe(reason);
    });

    test('is given up by whoever does not want the rest, and etcd sends it no further', async () => {
      const calls = async (name: string, code = '') => {
        const metrics = await (await fetch(cluster.members[0]?.metrics ?? '')).text();
        const lines = metrics.matchAll(
          new RegExp(`^grpc_server_${name}_total{.*${code}.*grpc_method="Snapshot".* (\\d+)$`, 'gm'),
        );
        return [...lines].reduce((sum, [, count]) => sum + Number(count), 0);
      };
      const ended = () => calls('handled', 'grpc_code="OK"');
      const before = await ended();
      const snapshot = await openSnapshot(client, { signal, idleTimeout });
      await readSome(snapshot.body);
      await snapshot[Symbol.asyncDispose]();
      expect(snapshot.body.destroyed).toBe(true);
      while ((await calls('handled')) < (await calls('started'))) await sleep(20);
      expect(await calls('started')).toBeGreaterThan(0);
      expect(await ended()).toBe(before);
    });

    test('fails when etcd stops in the middle', async () => {
      const snapshot = await openSnapshot(client, { signal, idleTimeout: 2000 });
      await readSome(snapshot.body);
      await cluster.members[0]?.signal('SIGSTOP');
      try {
        const error = await rejection(buffer(snapshot.body));
        expect(error).toMatchObject({ code: 'etcd', object: `etcd ${cluster.endpoints[0]}` });
        expect(error.reason).toMatch(/^sent nothing for 2 s, after [\d.]+ \w+ of [\d.]+ \w+$/);
      } finally {
        await cluster.members[0]?.signal('SIGCONT');
      }
    });

    test('fails when etcd is stopped before it begins', async () => {
      await cluster.members[0]?.signal('SIGSTOP');
      try {
        const error = await rejection(openSnapshot(client, { signal, idleTimeout: 2000 }));
        expect(error).toMatchObject({ code: 'etcd', reason: 'sent nothing for 2 s' });
      } finally {
        await cluster.members[0]?.signal('SIGCONT');
      }
    });

    test('fails when etcd dies in the middle', async () => {
      const snapshot = await openSnapshot(client, { signal, idleTimeout });
      await readSome(snapshot.body);
      await cluster.members[0]?.signal('SIGKILL');
      const error = await rejection(buffer(snapshot.body));
      expect(error.code).toBe('etcd');
      expect(error.reason).toMatch(/^closed or lost the connection .*, after [\d.]+ \w+ of [\d.]+ \w+$/);
      expect(error.hint).toContain('still runs');
    });
  });
});

const readSome = async (body: Readable) => {
  const iterator = body.iterator({ destroyOnReturn: false });
  await iterator.next();
  await iterator.return?.();
};

describe('a server that sends', () => {
  const opened = async (server: FakeMaintenance, timeout = idleTimeout) => {
    const client = await openClient(server.settings, server.endpoint, { signal });
    const snapshot = await openSnapshot(client, { signal, idleTimeout: timeout }).catch(async error => {
      await client[Symbol.asyncDispose]();
      throw error;
    });
    return { snapshot, client };
  };
  /** Reads the whole stream, and counts what came of it. */
  const failure = async (send: (call: Sending) => void, timeout?: number) => {
    await using server = await fakeMaintenance(send);
    const { snapshot, client } = await opened(server, timeout);
    let passed = 0;
    const read = async () => {
      for await (const chunk of snapshot.body) passed += chunk.length;
    };
    const error = await rejection(read());
    await client[Symbol.asyncDispose]();
    return { error, passed };
  };
  const database = Buffer.alloc(64 * 1024, 7);
  const trailer = createHash('sha256').update(database).digest();
  const inTwo = (call: Sending) => {
    call.write({ remaining_bytes: '32768', blob: database.subarray(0, 32_768) });
    call.write({ remaining_bytes: '0', blob: database.subarray(32_768) });
  };

  test('a whole one in two messages, and the trailer in a third, is believed', async () => {
    await using server = await fakeMaintenance(call => {
      inTwo(call);
      call.write({ blob: trailer });
      call.end();
    });
    const { snapshot, client } = await opened(server);
    expect(snapshot).toMatchObject({ total: database.length, version: null });
    expect((await buffer(snapshot.body)).equals(Buffer.concat([database, trailer]))).toBe(true);
    await client[Symbol.asyncDispose]();
  });

  test('no trailer is not believed', async () => {
    const { error } = await failure(call => {
      inTwo(call);
      call.end();
    });
    expect(error).toMatchObject({
      code: 'etcd',
      reason: 'ended the stream early, after 64 KiB of 64 KiB',
    });
  });

  test('a wrong trailer is not believed', async () => {
    const { error } = await failure(call => {
      inTwo(call);
      call.write({ blob: Buffer.alloc(32) });
      call.end();
    });
    expect(error).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining('does not match the SHA-256'),
    });
  });

  test('less than it announced is not believed, though its trailer fits', async () => {
    const half = database.subarray(0, 32_768);
    const { error } = await failure(call => {
      call.write({ remaining_bytes: '32768', blob: half });
      call.write({ blob: createHash('sha256').update(half).digest() });
      call.end();
    });
    expect(error).toMatchObject({ code: 'etcd', reason: expect.stringContaining('of 64 KiB') });
  });

  test('a size that no number can hold is refused', async () => {
    await using server = await fakeMaintenance(call =>
      call.write({ remaining_bytes: '18446744073709551615' }),
    );
    expect(await rejection(opened(server))).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining('18446744073709551615'),
    });
  });

  test('empty messages for ever is silent, before and after the first bytes', async () => {
    const timers: NodeJS.Timeout[] = [];
    const forever = (call: Sending) => {
      const timer = setInterval(() => call.write({ remaining_bytes: '65536' }), 10);
      call.on('cancelled', () => clearInterval(timer));
      timers.push(timer);
    };
    const first = await failure(forever, 400);
    expect(first.error.reason).toMatch(/^sent nothing for 0\.4 s/);
    const second = await failure(call => {
      call.write({ remaining_bytes: '32768', blob: database.subarray(0, 32_768) });
      forever(call);
    }, 400);
    expect(second.error.reason).toBe('sent nothing for 0.4 s, after 32 KiB of 64 KiB');
    timers.forEach(clearInterval);
  });

  test('bytes slowly, but not slower than the idle timeout, is listened to', async () => {
    await using server = await fakeMaintenance(async call => {
      for (let at = 0; at < database.length; at += 8192) {
        call.write({
          remaining_bytes: String(database.length - at - 8192),
          blob: database.subarray(at, at + 8192),
        });
        await sleep(250);
      }
      call.write({ blob: trailer });
      call.end();
    });
    const { snapshot, client } = await opened(server, 1200);
    expect((await buffer(snapshot.body)).length).toBe(database.length + 32);
    await client[Symbol.asyncDispose]();
  });

  test('an error in the middle is told with its words', async () => {
    const { error } = await failure(call => {
      inTwo(call);
      call.emit('error', { code: 13, details: 'mvcc: the disk is on fire' });
    });
    expect(error.reason).toContain('the disk is on fire');
  });
});
