import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { hashKV } from '../src/etcd/hashkv.ts';
import { countKeys } from '../src/etcd/read.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { freePorts } from './support/ports.ts';
import { etcdctl, need, testedMinors } from './support/programs.ts';
import { startRestored } from './support/restored-etcd.ts';
import { connection, snapback } from './support/snapback.ts';

const { signal } = new AbortController();

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`the main job on etcd ${minor}`, () => {
    let cluster: EtcdCluster;
    let folder: string;
    let store: string[];
    let etcd: string[];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'snapback-main-'));
      cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
      store = ['--store', join(folder, 'store'), '--cluster', 'prod'];
      etcd = connection(cluster.settings());
      await history(cluster);
    });

    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const save = async (...more: string[]): Promise<string> => {
      const ran = await snapback(['save', ...etcd, ...store, '--quiet', ...more]);
      expect(ran.stderr).toBe('');
      expect(ran.code).toBe(0);
      return ran.stdout.trim();
    };

    it('saves, lists, verifies and restores, and the restored etcd answers the same', async () => {
      const id = await save();
      const listed = JSON.parse((await snapback(['list', ...store, '--json'])).stdout);
      expect(listed.result.clusters[0].snapshots[0]).toMatchObject({
        id,
        verified: null,
        bad: false,
        broken: null,
        unread: null,
      });

      const verified = await snapback(['verify', ...store]);
      expect(verified.stdout).toContain('RESTORABLE');
      expect(verified.stderr).toContain('✓ same as living');
      expect(verified.code).toBe(0);
      const after = JSON.parse((await snapback(['list', ...store, '--json'])).stdout);
      expect(after.result.clusters[0].snapshots[0].verified).not.toBeNull();

      const dataDir = join(folder, 'restored');
      const peer = `http://127.0.0.1:${(await freePorts(1))[0]}`;
      const restored = await snapback([
        'restore',
        ...store,
        '--data-dir',
        dataDir,
        '--name',
        'm0',
        '--initial-advertise-peer-urls',
        peer,
      ]);
      expect(restored.stderr).not.toContain('warning');
      expect(restored.code).toBe(0);
      await sameAnswers(cluster, programs?.etcd ?? '', dataDir, peer);
    });

    it("restores a bare file that etcd's own programs take, and takes theirs", async () => {
      const id = await save();
      const file = join(folder, 'ours.db');
      expect((await snapback(['restore', id, ...store, '--output', file])).code).toBe(0);
      expect((await stat(file)).size % 512).toBe(32);
      const again = await snapback(['restore', id, ...store, '--output', file]);
      expect(again.code).toBe(23);

      const theirs = join(folder, 'theirs.db');
      const { cacert, cert, key } = cluster.settings();
      await etcdctl(programs as never, cluster.endpoints[0] ?? '', [
        '--cacert',
        `${cacert}`,
        '--cert',
        `${cert}`,
        '--key',
        `${key}`,
        'snapshot',
        'save',
        theirs,
      ]);
      for (const path of [file, theirs]) {
        const verified = await snapback(['verify', path, '--etcd-version', minor]);
        expect(verified.stderr).toContain('✓ usable');
        expect(verified.code).toBe(0);
      }
      const into = join(folder, 'from-theirs');
      const restored = await snapback([
        'restore',
        theirs,
        '--etcd-version',
        minor,
        '--data-dir',
        into,
        '--initial-advertise-peer-urls',
        'http://127.0.0.1:1',
      ]);
      expect(restored.code).toBe(0);
      expect(await readdir(into)).toContain('member');
    });

    it('finds a damaged object, records it, and restore passes over it', async () => {
      const good = await save();
      const bad = await save();
      expect(bad > good, 'also within one second').toBe(true);
      const object = join(folder, 'store', 'prod', `${bad}.db.zst`);
      const bytes = await readFile(object);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(object, bytes);
      const verified = await snapback(['verify', bad, ...store]);
      expect(verified.code).toBe(20);
      expect(verified.stdout).toContain('NOT RESTORABLE');
      expect((await snapback(['verify', bad, ...store, '--level', 'object'])).code).toBe(20);
      const plan = JSON.parse(
        (await snapback(['restore', ...store, '--data-dir', join(folder, 'never'), '--dry-run', '--json']))
          .stdout,
      );
      expect(plan.result.plan).toMatchObject({ snapshot: good, passedOver: [bad] });
      const forced = await snapback(['restore', bad, ...store, '--data-dir', join(folder, 'never')]);
      expect(forced.code).toBe(20);
      await expect(stat(join(folder, 'never'))).rejects.toThrow('ENOENT');

      await truncate(object, bytes.length - 1000);
      expect((await snapback(['verify', bad, ...store, '--level', 'object'])).code).toBe(20);
    });
  });
}

/** A thousand keys with history, deletes, a compaction and a lease. */
const history = async (cluster: EtcdCluster): Promise<void> => {
  const settings = cluster.settings();
  for (let round = 0; round < 3; round++)
    await fill(settings, { count: 1000, size: 100, prefix: '/registry/' });
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  await client.etcd3(
    async (etcd3, options) => {
      for (let i = 0; i < 50; i++)
        await etcd3.kv.deleteRange({ key: Buffer.from(`/registry/${i}`) }, options);
      const { ID } = await etcd3.leaseClient.leaseGrant({ TTL: 3600 }, options);
      await etcd3.kv.put({ key: Buffer.from('/leased'), value: Buffer.from('x'), lease: ID }, options);
      await etcd3.kv.compact({ revision: 12, physical: true }, options);
    },
    { operation: 'make history', signal },
  );
};

const sameAnswers = async (
  cluster: EtcdCluster,
  program: string,
  dataDir: string,
  peer: string,
): Promise<void> => {
  const settings = cluster.settings();
  await using living = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  await using etcd = await startRestored(program, dataDir, { name: 'm0', peer });
  const restored = etcd.client;
  const { revision } = await memberStatus(living, { signal });
  expect((await memberStatus(restored, { signal })).revision).toBe(revision);
  expect(await countKeys(restored, revision, { signal })).toBe(951);
  expect(await hashKV(restored, revision, { signal })).toEqual(await hashKV(living, revision, { signal }));
  const all = { key: Buffer.from([0]), range_end: Buffer.from([0]) };
  const everything = (client: typeof living) =>
    client.etcd3(async (etcd3, options) => (await etcd3.kv.range(all, options)).kvs, {
      operation: 'read',
      signal,
    });
  expect(await everything(restored)).toEqual(await everything(living));
};
