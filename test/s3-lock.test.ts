import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLineage } from '../src/catalog/lineage.ts';
import { pin } from '../src/catalog/pin.ts';
import { type Verdict, writeVerdict } from '../src/catalog/verdict.ts';
import { prune } from '../src/job/prune.ts';
import { remove } from '../src/job/remove.ts';
import { silentLog } from '../src/log.ts';
import { defaultS3Settings, type S3Settings } from '../src/store/s3-settings.ts';
import type { Store, Version } from '../src/store/store.ts';
import { noPolicy } from './support/retention-golden.ts';
import { startS3Faults } from './support/s3-faults.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { type BucketUnderTest, openBucket, s3Store, useCredentials } from './support/s3-store.ts';
import { putSample, sampleLineage, sampleSha256 } from './support/snapshot-sample.ts';

const { signal } = new AbortController();
const day = 86_400_000;
const policy = { ...noPolicy, keepLast: 1 };

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`object lock on ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start();
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const governance: Partial<S3Settings> = { objectLock: { mode: 'governance', milliseconds: 30 * day } };
    const locked = (settings = governance) => s3Store(server, { lock: true, settings });

    test('an object is held as long as the settings say, and can be held longer but not shorter', async () => {
      await using opened = await locked();
      const { store } = opened;
      const before = Date.now();
      await store.put('prod/x', Buffer.from('x'), { signal });
      const held = await store.held('prod/x', { signal });
      expect(held?.by).toBe('object lock, governance');
      const until = held?.until?.getTime() ?? 0;
      expect(until).toBeGreaterThanOrEqual(Math.floor((before + 30 * day) / 1000) * 1000);
      expect(until).toBeLessThanOrEqual(Date.now() + 30 * day);
      await store.hold('prod/x', new Date(before + 10 * day), { signal });
      expect(await store.held('prod/x', { signal })).toEqual(held);
      const longer = new Date(Math.floor(before / 1000) * 1000 + 40 * day);
      await store.hold('prod/x', longer, { signal });
      expect(await store.held('prod/x', { signal })).toEqual({ until: longer, by: held?.by });
    });

    test('how the bucket is set up is asked for once, also by eight at one moment', async () => {
      const bucket = await server.newBucket({ lock: true });
      await using faults = await startS3Faults(server);
      await using opened = await openBucket({ ...server, endpoint: faults.endpoint, ca: null }, bucket);
      const { store } = opened;
      const asked = () => faults.count('GetObjectLockConfiguration');
      const eight = () => Array.from({ length: 8 }, () => store.held('prod/x', { signal }));
      faults.fail('GetObjectLockConfiguration', { status: 400, code: 'Whatever' });
      for (const ended of await Promise.allSettled(eight()))
        expect(ended).toMatchObject({
          status: 'rejected',
          reason: { code: 'store', object: `s3://${bucket}/backups/etcd` },
        });
      expect(asked()).toBe(1);
      // Who is told to stop ends alone.
      const controller = new AbortController();
      const first = store.held('prod/x', { signal: controller.signal });
      const others = eight();
      const reason = new Error('enough');
      controller.abort(reason);
      await expect(first).rejects.toBe(reason);
      expect(await Promise.all(others)).toEqual(Array(8).fill(null));
      const before = asked();
      expect(await store.canHold({ signal })).toBe(true);
      expect(asked()).toBe(before);
      expect(before).toBeLessThanOrEqual(3);
    });

    test('an object of several parts is held as well', async () => {
      await using opened = await locked({ objectLock: { mode: 'compliance', milliseconds: day } });
      const body = Readable.from([Buffer.alloc(9 * 1024 ** 2)]);
      await opened.store.put('prod/x', body, { signal });
      const held = await opened.store.held('prod/x', { signal });
      expect(held?.by).toBe('object lock, compliance');
    });

    test('a version that is held stays, and is said until when', async () => {
      await using opened = await locked();
      const { store } = opened;
      await using lasting = await openBucket(server, opened.bucket, {
        settings: { objectLock: { mode: 'legal-hold' } },
      });
      await store.put('prod/x', Buffer.from('x'), { signal });
      await lasting.store.put('prod/y', Buffer.from('y'), { signal });
      const held = await store.held('prod/x', { signal });
      // As somebody does who asks for no lock.
      for (const name of ['prod/x', 'prod/y']) await store.remove(name, { signal });
      const all = (await store.versions('prod', { signal })) ?? [];
      expect(all).toHaveLength(4);
      const of = (name: string) => all.find(one => one.name === name && !one.hides) as Version;
      expect(await store.removeVersion(of('prod/x'), { signal })).toEqual(held);
      expect(await store.removeVersion(of('prod/y'), { signal })).toEqual({ until: null, by: 'legal hold' });
      expect(await store.versions('prod', { signal })).toHaveLength(4);
    });

    test('a legal hold has no end', async () => {
      await using opened = await locked({ objectLock: { mode: 'legal-hold' } });
      await opened.store.put('prod/x', Buffer.from('x'), { signal });
      expect(await opened.store.held('prod/x', { signal })).toEqual({ until: null, by: 'legal hold' });
    });

    test.each([false, true])('nothing is held where there is no lock (bucket with locks: %s)', async lock => {
      await using opened = await s3Store(server, { lock });
      await opened.store.put('prod/x', Buffer.from('x'), { signal });
      expect(await opened.store.held('prod/x', { signal })).toBeNull();
      expect(await opened.store.held('prod/none', { signal })).toBeNull();
    });

    test('of a snapshot what a restore needs is locked; pins, verdicts and markers are free to go', async () => {
      await using opened = await locked();
      const { store } = opened;
      const id = '20261101T061807Z-4f2a9c';
      await putSample(store, id);
      await store.put(`prod/${id}.json.sig`, Buffer.alloc(64), { signal });
      await pin(store, { cluster: 'prod', id }, 'before the upgrade', { signal });
      const verdict = await writeVerdict(store, 'prod', verdictOf(id), { signKey: null, signal });
      const byName = new Map<string, boolean>();
      for await (const { name } of store.list('prod', { signal }))
        byName.set(name.slice(5), (await store.held(name, { signal })) !== null);
      expect(Object.fromEntries(byName)).toEqual({
        [`${id}.db.zst.age`]: true,
        [`${id}.json`]: true,
        [`${id}.json.sig`]: true,
        [`${id}.pin`]: false,
        [verdict]: false,
      });
    });

    test.each<[string, Partial<S3Settings>, boolean, string]>([
      ['a bucket without locks', governance, false, 'cannot be locked: the bucket has no object lock'],
      [
        'a lock that ends in the past',
        { objectLock: { mode: 'compliance', milliseconds: -day } },
        true,
        'cannot be locked: by the clock of the server the end of the lock is past already',
      ],
    ])('%s is said before anything is written', async (_, settings, lock, words) => {
      await using opened = await s3Store(server, { lock, settings });
      const body = Readable.from([Buffer.alloc(20 * 1024 ** 2)]);
      for (const bytes of [Buffer.from('x'), body])
        await expect(opened.store.put('prod/x', bytes, { signal })).rejects.toMatchObject({
          code: 'store',
          reason: expect.stringContaining(words),
          hint: expect.stringContaining('--s3-object-lock'),
        });
      await opened.store.put('prod/x.pin', Buffer.from('x'), { signal, removable: true });
      const left: string[] = [];
      for await (const { name } of opened.store.list('prod', { signal })) left.push(name);
      expect(left).toEqual(['prod/x.pin']);
      const before = new Date(Date.now() + day);
      expect(await opened.store.removeUnfinished('prod', { before, signal })).toEqual([]);
    });

    test('prune keeps what is held, tells until when, and removes the rest', async () => {
      await using opened = await locked();
      const [free, held, newest] = [
        '20261101T061807Z-4f2a9c',
        '20261102T061807Z-4f2a9c',
        '20261103T061807Z-4f2a9c',
      ];
      await using plain = await openBucket(server, opened.bucket);
      await startLineage(plain.store, 'prod', {
        tool: 'test',
        now: new Date('2026-11-01T00:00:00Z'),
        named: sampleLineage,
        signal,
      });
      await putSample(plain.store, free);
      await putSample(opened.store, held);
      await putSample(plain.store, newest);
      const place = placeOf(opened, server);
      const dry = await prune({ ...place, ...how, dryRun: true }, context);
      expect(dry.error).toBeNull();
      expect(dry.result.snapshots.map(one => [one.id, one.plan])).toEqual([
        [newest, 'keep'],
        [held, 'locked'],
        [free, 'remove'],
      ]);
      const real = await prune({ ...place, ...how }, context);
      expect(real.error).toBeNull();
      expect(real.result.snapshots[1]).toMatchObject({
        plan: 'locked',
        removed: false,
        held: { by: 'object lock, governance' },
      });
      expect(real.result.snapshots[1]?.reasons.at(-1)).toMatch(
        /^retained until \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
      );
      expect(await ids(plain.store)).toEqual([held, newest]);

      const asked = remove(
        { ...place, snapshot: held, before: null, reason: 'test', evenNewest: true, allVersions: false },
        context,
      );
      await expect(asked).rejects.toMatchObject({
        code: 'refused',
        reason: expect.stringContaining('retained until'),
      });
      expect(await ids(plain.store)).toEqual([held, newest]);
    });
  });

const verdictOf = (id: string): Verdict => ({
  format: 1,
  kind: 'verdict',
  snapshot: id,
  manifest: sampleSha256,
  level: 'object',
  pass: true,
  started: '2026-11-02T00:00:00Z',
  seconds: 1,
  recoverySeconds: null,
  tool: 'test',
  programs: { etcd: null, etcdutl: null },
  checks: [],
  expectations: [],
});

const how = {
  policy,
  maxDelete: null,
  yes: false,
  dryRun: false,
  removeOrphans: false,
  extendLocks: false,
  allVersions: false,
};
const context = { signal, log: silentLog, notify: () => {}, progress: () => {} };

const placeOf = ({ store }: BucketUnderTest, { endpoint }: S3Server) => ({
  store: store.location,
  s3: { ...defaultS3Settings, endpoint },
  cluster: 'prod',
  clusterNamed: true,
  lineage: null,
  trustKeys: [],
});

const ids = async (store: Store): Promise<string[]> => {
  const found: string[] = [];
  for await (const { name } of store.list('prod', { signal }))
    if (/Z-4f2a9c\.json$/.test(name)) found.push(name.slice(5, -5));
  return found.sort();
};
