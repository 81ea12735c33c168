/** What commands ask of a bucket with ten thousand snapshots, counted by operation. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stamp } from '../src/catalog/id.ts';
import { listSnapshots } from '../src/catalog/listing.ts';
import { removeSnapshot } from '../src/catalog/remove.ts';
import { anyone } from '../src/catalog/trust-key.ts';
import { needGoProgram } from './support/go-programs.ts';
import { type S3Faults, startS3Faults } from './support/s3-faults.ts';
import type { S3Server } from './support/s3-server.ts';
import { openBucket, useCredentials } from './support/s3-store.ts';
import { type Ran, snapback } from './support/snapback.ts';
import { sampleLineage, sampleManifest } from './support/snapshot-sample.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';
import { startVersitygw } from './support/versitygw.ts';

const program = await needGoProgram('versitygw');
const snapshots = 10_000;
const hour = 3_600_000;
const { signal } = new AbortController();

/** One every six hours, newest first; the newest is two days old. */
const newest = Math.floor(Date.now() / 1000) * 1000 - 48 * hour;
const ids = Array.from(
  { length: snapshots },
  (_, at) => `${stamp(new Date(newest - at * 6 * hour))}-${at.toString(16).padStart(6, '0')}`,
);
const [latest = ''] = ids;
const drill = (id: string) => `${id}.verify.${stamp(new Date())}-00ff00.drill.pass.json`;
/** An object and a manifest each, two verdicts, cluster.json. */
const pages = Math.ceil((2 * snapshots + 3) / 1000);

describe.skipIf(program === null)('a bucket with 10,000 snapshots', () => {
  let server: S3Server;
  let before: S3Faults;
  let folder: TemporaryFolder;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const data = join(folder.path, 'data');
    server = await startVersitygw(program ?? '', { data });
    useCredentials(server);
    const bucket = await server.newBucket({ name: 'many' });
    // Its objects are files, and writing them there takes seconds in place of minutes.
    const prod = join(data, bucket, 'etcd/prod');
    await mkdir(prod, { recursive: true });
    const write = (file: string, text: string) => writeFile(join(prod, file), text);
    const lineage = { kind: 'lineage', lineage: sampleLineage, name: 'prod', tool: 'test' };
    const created = new Date(newest).toISOString();
    await write('cluster.json', JSON.stringify({ format: 1, ...lineage, created }));
    for (const id of ids) {
      await write(`${id}.json`, JSON.stringify(sampleManifest(id)));
      await write(`${id}.db.zst.age`, 'bytes');
    }
    for (const id of ids.slice(3, 5)) await write(drill(id), '{}');
    before = await startS3Faults(server);
  }, 300_000);

  afterAll(async () => {
    await before?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Runs it, and gives how many requests of each kind that took. */
  const asked = async (...args: string[]): Promise<Ran & { requests: Record<string, number> }> => {
    before.requests.length = 0;
    const store = ['--store', 's3://many/etcd', '--cluster', 'prod', '--s3-endpoint', before.endpoint];
    const ran = await snapback([...args, ...store], { cwd: folder.path });
    return { ...ran, requests: counted() };
  };
  const counted = () =>
    Object.fromEntries(
      [...Map.groupBy(before.requests, ({ kind }) => kind)].map(([kind, all]) => [kind, all.length]),
    );

  it('list: a listing, and the manifests of the fifty rows', async () => {
    const ran = await asked('list', '--json');
    expect(ran.stderr).toBe('');
    const [cluster] = JSON.parse(ran.stdout).result.clusters;
    expect(cluster).toMatchObject({ total: snapshots, snapshots: { length: 50 } });
    expect(ran.requests).toEqual({ ListObjectsV2: pages, GetObject: 1 + 50, GetBucketVersioning: 1 });
  }, 300_000);

  it('show, restore: the latest takes three requests', async () => {
    const shown = await asked('show', 'latest', '--json');
    expect(JSON.parse(shown.stdout).result.manifest.id).toBe(latest);
    expect(shown.requests).toEqual({ ListObjectsV2: 1, GetObject: 2 });
    const restored = await asked('restore', '--dry-run', '--output', 'x.db');
    expect(restored.stderr + restored.stdout).toContain(latest);
    expect(restored.requests).toEqual({ ListObjectsV2: 1, GetObject: 2 });
  }, 300_000);

  it('verify, pin: the latest is found with three requests', async () => {
    const verified = await asked('verify', '--level', 'object', '--no-record', '--json');
    expect(JSON.parse(verified.stdout).result.verifications).toMatchObject([{ snapshot: latest }]);
    // One more for the object itself.
    expect(verified.requests).toEqual({ ListObjectsV2: 1, GetObject: 2 + 1 });
    const pinned = await asked('pin', 'latest', '--json');
    expect(JSON.parse(pinned.stdout).result).toMatchObject({ id: latest, changed: true });
    expect(
      before.requests
        .slice(0, 3)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['GetObject', 'GetObject', 'ListObjectsV2']);
    expect((await asked('unpin', 'latest')).code).toBe(0);
  }, 300_000);

  it('an older one takes the whole listing, and no more manifests', async () => {
    const shown = await asked('show', 'latest~9999', '--json');
    expect(JSON.parse(shown.stdout).result.manifest.id).toBe(ids.at(-1));
    expect(shown.requests).toEqual({ ListObjectsV2: 1 + pages, GetObject: 2 });
  }, 300_000);

  it('prune --dry-run: a listing, and every manifest once, since only that tells whose it is', async () => {
    const ran = await asked('prune', '--keep-last', '9000', '--dry-run', '--json');
    const { result } = JSON.parse(ran.stdout);
    expect(result.snapshots.filter((one: { plan: string }) => one.plan === 'remove')).toHaveLength(1000);
    // Each of the eight that work side by side may ask whether the bucket has locks.
    const { GetObjectLockConfiguration: locks = 0, ...others } = ran.requests;
    expect(locks).toBeLessThanOrEqual(8);
    expect(others).toEqual({ ListObjectsV2: pages, GetObject: 1 + snapshots, GetBucketVersioning: 1 });
  }, 300_000);

  it('a removal lists its own files and what is newest, before and after its marker', async () => {
    const opened = await openBucket(server, 'many', {
      prefix: 'etcd',
      settings: { endpoint: before.endpoint },
    });
    await using store = opened.store;
    const { entries } = await listSnapshots(store, 'prod', { signal });
    before.requests.length = 0;
    const [oldest] = entries.slice(-1);
    if (!oldest) throw new Error('there are none');
    const options = { reason: 'policy', ours: entries, now: new Date(), trust: anyone, signal };
    expect(await removeSnapshot(store, oldest, options)).toBe(true);
    // Two each time, and one by which the marker's writer sees that there is none yet.
    expect(counted()).toMatchObject({ ListObjectsV2: 2 * 2 + 1, DeleteObject: 3 });
    expect(counted()).not.toHaveProperty('GetObject');
    const left = await listSnapshots(store, 'prod', { signal, prefix: oldest.id });
    expect(left).toMatchObject({ entries: [], removing: [] });
  }, 300_000);
});
