/** Buckets that keep versions: what a removal hides is told, and removed for good where that is asked for. */
import { PutObjectCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listOldVersions, readVersions, removeOldSnapshot } from '../src/catalog/versions.ts';
import type { ListResult } from '../src/job/list.ts';
import type { PruneResult } from '../src/job/prune.ts';
import type { RemoveResult } from '../src/job/remove.ts';
import type { Store, Version } from '../src/store/store.ts';
import { keptStore } from './support/kept-store.ts';
import { day, lockedBucket } from './support/locked-bucket.ts';
import { startS3Faults } from './support/s3-faults.ts';
import { policyOf } from './support/s3-policies.ts';
import type { Policy, S3Access, S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, useCredentials } from './support/s3-store.ts';

const { signal } = new AbortController();
const [first, second, third, newest] = [1, 2, 3, 4].map(day => `2025110${day}T061807Z-4f2a9c`) as [
  string,
  string,
  string,
  string,
];
const prune = (...args: string[]) => ['prune', '--keep-last', ...args];
const object = (id: string) => `${id}.db.zst.age`;

/** Names of all that is left in the bucket, without those of the lineage; `-` before what only hides. */
const left = async (store: Store): Promise<string[]> => {
  const versions = (await store.versions('prod', { signal })) ?? [];
  const names = versions.map(({ name, hides }) => `${hides ? '-' : ''}${name.slice(5)}`);
  return names.filter(name => !name.includes('cluster.')).sort();
};
const whole = (...ids: string[]) => ids.flatMap(id => [object(id), `${id}.json`]).sort();

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`old versions on ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start();
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const four = async (lock = false) => {
      const kept = await lockedBucket(server, { lock });
      for (const id of [first, second, third, newest]) await kept.save(id, 0);
      await kept.store.put(`prod/${second}.pin`, Buffer.from('why'), { signal, removable: true });
      await kept.store.remove(`prod/${second}.pin`, { signal });
      return kept;
    };

    test('prune hides and says so, list tells what piles up, and --all-versions removes it for good', async () => {
      await using kept = await four();
      const hid = await kept.run(prune('2'));
      expect(hid.code).toBe(0);
      expect(hid.stdout).toMatch(
        /\nThe bucket keeps 7 old versions, \d.*, of removed snapshots: hidden, not gone; prune --all-versions/,
      );
      const listed = await kept.run(['list']);
      expect(listed.stdout).toMatch(/\nThe bucket keeps 7 old versions, \d.*, of removed snapshots: hidden/);
      const before = await left(kept.store);
      const dry = await kept.json<PruneResult>(prune('1', '--all-versions', '--dry-run'));
      expect(dry.result.oldVersions?.snapshots).toMatchObject([
        { id: second, count: 4, removed: false, held: null },
        { id: first, count: 3, removed: false, held: null },
      ]);
      expect(await left(kept.store)).toEqual(before);

      const ran = await kept.run(prune('1', '--all-versions'));
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(
        /\nRemoved for good: 10 old versions, \d.*, of 3 snapshots\.\nRemoved 1 of 2/,
      );
      expect(ran.stderr).toContain(`removed   ${first}: 3 old versions, for good`);
      expect(await left(kept.store)).toEqual(whole(newest));
      const { result } = await kept.json<ListResult>(['list']);
      expect(result.clusters[0]?.oldVersions).toEqual({
        removed: { count: 0, size: 0 },
        others: { count: 0, size: 0 },
      });
    });

    test('what is held stays hidden and is told with its time, and the rest goes', async () => {
      await using kept = await four(true);
      expect((await kept.run(prune('2'))).code).toBe(0);
      const client = server.client();
      const all = (await kept.store.versions('prod', { signal })) ?? [];
      const held = all.find(one => one.name.endsWith(object(first)) && !one.hides);
      await client.send(
        new PutObjectRetentionCommand({
          Bucket: kept.bucket,
          Key: `backups/etcd/prod/${object(first)}`,
          VersionId: held?.version,
          Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + day) },
        }),
      );
      client.destroy();
      const ran = await kept.run(prune('2', '--all-versions'));
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(
        new RegExp(
          `\nNot removed: 3 old versions, .*, of ${first}: retained until .* UTC \\(object lock, governance\\)\\.\n`,
        ),
      );
      expect(await left(kept.store)).toEqual(
        [
          ...whole(third, newest, first),
          ...[object(first), `${first}.json`, `${first}.removed`].map(one => `-${one}`),
          `${first}.removed`,
        ].sort(),
      );
      const { result } = await kept.json<ListResult>(['list']);
      expect(result.clusters[0]?.snapshots.map(({ id }) => id)).toEqual([newest, third]);
      const asked = await kept.run(['remove', first, '--reason', 'leaked', '--all-versions']);
      expect(asked.code).toBe(23);
      expect(asked.stderr).toContain('stays in old versions: object lock, governance keeps it until');
    });

    test('what something else hid or overwrote may be the last good copy: it is told and never removed', async () => {
      await using kept = await four();
      for (const file of whole(first)) await kept.store.remove(`prod/${file}`, { signal });
      const client = server.client();
      const Key = `backups/etcd/prod/${object(newest)}`;
      await client.send(new PutObjectCommand({ Bucket: kept.bucket, Key, Body: 'worse' }));
      await client.send(new PutObjectCommand({ Bucket: kept.bucket, Key: `${Key}.bak`, Body: 'a' }));
      await client.send(new PutObjectCommand({ Bucket: kept.bucket, Key: `${Key}.bak`, Body: 'b' }));
      client.destroy();
      const before = await left(kept.store);
      const ran = await kept.run(prune('3', '--all-versions'));
      expect(ran.code).toBe(0);
      const told =
        /\nThe bucket keeps 3 old versions, .*, that no removal left: something else overwrote or hid/;
      expect(ran.stdout).toMatch(told);
      expect(await left(kept.store)).toEqual(before);
      expect((await kept.run(['list'])).stdout).toMatch(told);
    });

    test('remove says that it only hides, and with --all-versions removes, also later', async () => {
      await using kept = await four();
      const hid = await kept.run(['remove', first, '--reason', 'leaked']);
      expect(hid.code).toBe(0);
      expect(hid.stdout).toMatch(/^removed .*: leaked\nhidden, not gone: the bucket keeps 3 old versions, /);
      expect(hid.stdout).toContain(`snapback remove ${first} --all-versions`);
      const later = await kept.run(['remove', first, '--reason', 'leaked', '--all-versions']);
      expect(later.code).toBe(0);
      expect(later.stdout).toMatch(new RegExp(`^removed 3 old versions, .*, of ${first} of prod: leaked\n$`));
      const once = ['remove', second, '--reason', 'leaked', '--all-versions'];
      const { result } = await kept.json<RemoveResult>(once);
      expect(result).toMatchObject({ removed: true, oldVersions: { id: second, count: 4, removed: true } });
      expect(await left(kept.store)).toEqual(whole(third, newest));
      const none = await kept.run(once);
      expect(none.code).toBe(22);
    });

    test('wherever a removal of versions ends, nothing is seen again and the next one goes on', async () => {
      await using kept = await four();
      await kept.run(prune('3'));
      const { store } = await openBucket(server, kept.bucket);
      const cut = new Error('cut');
      for (let runs = 0, gone = false; !gone; runs += 1) {
        expect(runs).toBeLessThan(10);
        const old = (await listOldVersions(store, 'prod', { signal }))?.snapshots[0];
        if (!old) throw new Error('it is not known any more');
        let removals = 0;
        const removeVersion: Store['removeVersion'] = async (version, options) => {
          if (removals === 1) throw cut;
          removals += 1;
          return store.removeVersion(version, options);
        };
        gone = await removeOldSnapshot({ ...store, removeVersion }, old, { signal }).then(
          () => true,
          error => error !== cut,
        );
        for await (const one of store.list('prod', { signal })) expect(one.name).not.toContain(first);
      }
      expect((await left(store)).filter(one => one.includes(first))).toEqual([]);
      await store[Symbol.asyncDispose]();
    });

    test('without the right to look list is silent, and --all-versions says which it needs', async () => {
      await using kept = await four();
      await kept.run(prune('3'));
      for (const [kind, right] of [
        ['GetBucketVersioning', 's3:GetBucketVersioning'],
        ['ListObjectVersions', 's3:ListBucketVersions'],
      ] as const) {
        await using faults = await startS3Faults(server);
        faults.fail(kind, { status: 403, code: 'AccessDenied' }, 10);
        const listed = await kept.run(['list'], faults.endpoint);
        expect(listed).toMatchObject({ code: 0, stderr: '' });
        expect(listed.stdout).not.toContain('old version');
        const asked = await kept.run(prune('3', '--all-versions'), faults.endpoint);
        expect(asked.code).toBe(31);
        expect(asked.stderr).toContain(right);
      }
      await using faults = await startS3Faults(server);
      faults.fail(
        ({ kind, key }) => kind === 'DeleteObject' && key.includes(first),
        { status: 403, code: 'AccessDenied' },
        1,
      );
      const asked = await kept.run(prune('3', '--all-versions'), faults.endpoint);
      expect(asked.code).toBe(31);
      expect(asked.stderr).toContain('s3:DeleteObjectVersion');
      expect(asked.stdout).toMatch(new RegExp(`\nNot removed: 3 old versions, .*, of ${first}: may not be`));
    });

    test('the rights that docs/s3.md names are enough: those of the pruner for locks, three more for versions', async () => {
      await using kept = await four(true);
      const { bucket } = kept;
      const policy = await policyOf('pruner', { bucket, prefix: 'backups/etcd' });
      const versions: Policy['Statement'] = [
        {
          Effect: 'Allow',
          Action: ['s3:GetBucketVersioning', 's3:ListBucketVersions'],
          Resource: [`arn:aws:s3:::${bucket}`],
        },
        {
          Effect: 'Allow',
          Action: ['s3:DeleteObjectVersion'],
          Resource: [`arn:aws:s3:::${bucket}/backups/etcd/*/????????T??????Z-??????.*`],
        },
      ];
      const pruner = await server.withRole(policy);
      const lock = ['--extend-locks', '--s3-object-lock', 'governance:1d'];
      const as = async (role: S3Access, args: string[]) => {
        useCredentials(role);
        return kept.run(args).finally(() => useCredentials(server));
      };
      const extended = await as(pruner, [...prune('2'), ...lock]);
      expect(extended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('s3:') });
      expect(extended.stdout).toMatch(/\nHolds 2 snapshots longer, .*\nRemoved 2 of 4/);
      expect((await as(pruner, prune('2', '--all-versions'))).code).toBe(31);
      const destroyer = await server.withRole({ ...policy, Statement: [...policy.Statement, ...versions] });
      const destroyed = await as(destroyer, prune('2', '--all-versions'));
      expect(destroyed).toMatchObject({ code: 0, stderr: expect.not.stringContaining('s3:') });
      expect(await left(kept.store)).toEqual(whole(third, newest));
    });

    test('a bucket without versions costs one request more, and has nothing to tell', async () => {
      const bucket = await server.newBucket();
      await using plain = await openBucket(server, bucket);
      await using faults = await startS3Faults(server);
      await using seen = await openBucket({ ...server, endpoint: faults.endpoint }, bucket);
      await plain.store.put('prod/x', Buffer.from('x'), { signal });
      for (let times = 0; times < 3; times += 1)
        expect(await seen.store.versions('prod', { signal })).toBeNull();
      expect(faults.count()).toBe(1);
    });
  });

test('a folder keeps no versions', async () => {
  await using kept = await keptStore([first, newest]);
  const { document } = await kept.json<PruneResult>(...prune('1', '--all-versions'));
  expect(document.result).toMatchObject({
    oldVersions: null,
    snapshots: [{ id: newest }, { removed: true }],
  });
});

describe('a removal is known by its marker, which goes last', () => {
  const at = (second: number, file: string, change: Partial<Version> = {}): Version => ({
    name: `prod/${file}`,
    version: `${second}`,
    size: 1,
    modified: new Date(Date.UTC(2025, 0, 1, 0, second)),
    hides: false,
    newest: false,
    ...change,
  });
  const hiding = { hides: true, newest: true, size: 0 };
  const removed = (marker: number, manifest: number) => [
    at(0, object(first)),
    at(0, `${first}.json`),
    at(5, `${first}.removed`),
    at(manifest, `${first}.json`, hiding),
    at(6, object(first), hiding),
    at(marker, `${first}.removed`, hiding),
  ];

  const again = [at(20, `${first}.json`, { newest: true }), at(20, object(first), { newest: true })];
  test.each([
    ['a removal', removed(8, 6), 1, 0],
    ['a removal that was stopped, and a manifest that somebody hid an hour later', removed(8, 68), 0, 3],
    ['files that somebody hid', removed(8, 6).filter(one => !one.name.endsWith('.removed')), 0, 2],
    [
      'a removal under way',
      [...removed(8, 6).slice(0, -1), at(5, `${first}.removed`, { newest: true })],
      0,
      0,
    ],
    ['a snapshot that was copied here once more', [...removed(8, 6), ...again], 0, 0],
    ['one of those, overwritten', [...removed(8, 6), at(15, object(first)), ...again], 0, 1],
    ['one whose pin was taken away', [at(3, `${first}.pin`), ...again], 0, 0],
    ['what is left when only the marker remains', removed(8, 6).slice(-1), 1, 0],
    [
      'a name that this version does not know',
      [at(0, `${first}.log.1`), at(1, `${first}.log.1`, hiding)],
      0,
      0,
    ],
    [
      'a lineage that was overwritten',
      [at(0, 'cluster.json'), at(1, 'cluster.json', { newest: true })],
      0,
      1,
    ],
  ])('%s', (_, versions, snapshots, others) => {
    const read = readVersions('prod', versions);
    expect(read.snapshots).toHaveLength(snapshots);
    expect(read.others.count).toBe(others);
  });
});
