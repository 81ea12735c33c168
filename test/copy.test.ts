/** `copy`: what gets to the other store, what stays away, and what a run that was cut off leaves for the next. */
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256Of } from '../src/catalog/document.ts';
import { startLineage } from '../src/catalog/lineage.ts';
import type { CopyResult } from '../src/job/copy.ts';
import { copySnapshot } from '../src/job/copy-snapshot.ts';
import { openTarget } from '../src/job/copy-target.ts';
import { openCatalog } from '../src/job/open-catalog.ts';
import { silentLog } from '../src/log.ts';
import { openFileStore } from '../src/store/file.ts';
import { cut, cutAfter } from './support/cut-store.ts';
import { daily, type KeptStore, keptStore } from './support/kept-store.ts';
import { putSample, sampleLineage, sampleManifest } from './support/snapshot-sample.ts';

const { signal } = new AbortController();
const context = { signal, log: silentLog, notify: () => {}, progress: () => {} };
const [first = '', second = '', third = ''] = daily(10, 12);
const attachment = Buffer.from('attached');

/** Snapshots whose objects are what their manifests say, each with a signature, an attachment, a verdict and a pin. */
const filled = async (ids: string[]): Promise<KeptStore> => {
  const kept = await keptStore([]);
  for (const id of ids) {
    await putSample(kept.store, id, {
      object: { ...sampleManifest(id).object, sha256: sha256Of(Buffer.from('bytes')) },
      attachments: [
        {
          name: `${id}.files.tar.zst.age`,
          size: 8,
          sha256: sha256Of(attachment),
          paths: ['/etc/kubernetes/pki'],
        },
      ],
    });
    await kept.put(`${id}.files.tar.zst.age`, attachment.toString());
    await kept.put(`${id}.json.sig`, 'signature');
    await kept.put(verdict(id, 'drill', 'pass'), '{}');
    await kept.put(`${id}.pin`, 'kept for a reason\n');
  }
  return kept;
};

const verdict = (id: string, level: string, outcome: string, day = 20): string =>
  `${id}.verify.202611${day}T090000Z-00ff3e.${level}.${outcome}.json`;

const contents = async (folder: string): Promise<Record<string, string>> => {
  const names = (await readdir(folder).catch(() => [])).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async name => [name, await readFile(join(folder, name), 'latin1')])),
  );
};

const target = (kept: KeptStore) => join(kept.folder, '..', 'target');

test('everything of a snapshot gets there byte for byte, with the lineage, and a second run finds it whole', async () => {
  await using kept = await filled([first, second, third]);
  await kept.put('cluster.20261110T061807Z.14841639068965178418.json', etcdCluster);
  const dry = await kept.json<CopyResult>('copy', '--to', target(kept), '--dry-run');
  expect(dry.document.result.snapshots.map(({ id, plan, done }) => [id, plan, done])).toEqual(
    [third, second, first].map(id => [id, 'copy', false]),
  );
  expect(await contents(target(kept))).toEqual({});

  const ran = await kept.run('copy', '--to', target(kept));
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain('Copied 3 snapshots');
  expect(ran.stderr.match(/^copied /gm)).toHaveLength(3);
  const to = join(target(kept), 'prod');
  expect(await contents(to)).toEqual(await contents(kept.folder));

  const again = await kept.json<CopyResult>('copy', '--to', target(kept));
  expect(again.document.result.snapshots.map(({ plan }) => plan)).toEqual(['there', 'there', 'there']);
  expect(again.code).toBe(0);
});

test('what was found since travels too: verdicts that passed, but no fail, and no pin that was taken away', async () => {
  await using kept = await filled([first]);
  const to = join(target(kept), 'prod');
  await kept.run('copy', '--to', target(kept));
  await rm(join(to, `${first}.pin`));
  await kept.put(verdict(first, 'content', 'fail', 21), '{}');
  await kept.put(verdict(first, 'drill', 'pass', 22), '{}');
  const { document } = await kept.json<CopyResult>('copy', '--to', target(kept));
  expect(document.result.snapshots).toMatchObject([
    { plan: 'complete', done: true, files: [verdict(first, 'drill', 'pass', 22)] },
  ]);
  expect(Object.keys(await contents(to))).not.toContain(`${first}.pin`);

  // A pass here says nothing of bytes that were found bad there.
  await writeFile(join(to, verdict(first, 'object', 'fail', 23)), '{}');
  await kept.put(verdict(first, 'drill', 'pass', 24), '{}');
  const bad = await kept.json<CopyResult>('copy', '--to', target(kept));
  expect(bad.document.result.snapshots).toMatchObject([{ plan: 'there', files: [] }]);
});

test('wherever a run is cut off nothing half is listed, and the next one ends it', async () => {
  await using kept = await filled([first]);
  const settings = {
    store: {
      store: join(kept.folder, '..'),
      s3: null,
      cluster: 'prod',
      clusterNamed: true,
      lineage: null,
      trustKeys: [],
    },
    snapshots: [],
    before: null,
    since: null,
    verifiedOnly: false,
    dryRun: false,
    recipients: [],
    recipientsFile: null,
    identities: [],
    signKey: null,
  };
  for (let changes = 0; changes < 6; changes++) {
    const location = join(kept.folder, '..', `cut-${changes}`);
    await using source = await openCatalog(settings.store, 'read', context);
    await using opened = await openTarget(source, { ...settings, to: location }, context);
    await opened.begin();
    const [entry] = source.listing.entries;
    if (!entry) throw new Error('there is nothing to copy');
    const options = { files: entry.files, signal, onBytes: () => {} };
    const half = { ...opened, store: cutAfter(opened.store, changes) };
    await expect(copySnapshot(source, entry, half, options), `${changes}`).rejects.toBe(cut);
    const to = join(location, 'prod');
    expect(Object.keys(await contents(to))).not.toContain(`${first}.json`);
    // As an upload of other bytes of the same length would be, for which there is no manifest.
    if (changes > 0) await writeFile(join(to, sampleManifest(first).object.name), 'BYTES');
    expect((await kept.run('copy', '--to', location)).code).toBe(0);
    expect(await contents(to)).toEqual(await contents(kept.folder));
  }
});

test('damage is not copied: exit 20, and the others get there', async () => {
  await using kept = await filled([first, second]);
  const object = join(kept.folder, sampleManifest(first).object.name);
  await writeFile(object, 'BYTES');
  const ran = await kept.json<CopyResult>('copy', '--to', target(kept));
  expect(ran.code).toBe(20);
  expect(ran.document.result.snapshots).toMatchObject([
    { id: second, done: true, problem: null },
    { id: first, done: false, copy: null, problem: expect.stringContaining('sha256:') },
  ]);
  const there = Object.keys(await contents(join(target(kept), 'prod')));
  expect(there.filter(name => name.startsWith(first))).toEqual([]);
});

test('bad ones stay away unless they are named, unknown files are named, and --since and --verified-only choose', async () => {
  await using kept = await filled([first, second, third]);
  await kept.put(verdict(first, 'drill', 'fail', 21), '{}');
  await kept.put(`${third}.later`, 'of a later version');
  await rm(join(kept.folder, verdict(third, 'drill', 'pass')));
  const plans = async (...more: string[]) => {
    const { document, code } = await kept.json<CopyResult>(
      'copy',
      '--to',
      target(kept),
      '--dry-run',
      ...more,
    );
    expect(code).toBe(0);
    return document.result.snapshots.map(({ plan }) => plan);
  };
  expect(await plans()).toEqual(['copy', 'copy', 'leave out']);
  expect(await plans('--verified-only')).toEqual(['leave out', 'copy', 'leave out']);
  expect(await plans('--since', '2026-11-12')).toEqual(['copy', 'leave out', 'leave out']);
  expect(await plans('--before', '2026-11-11T12:00:00Z')).toEqual(['copy', 'leave out']);
  expect(await plans('latest~1')).toEqual(['copy']);
  const ran = await kept.run('copy', '--to', target(kept));
  expect(ran.stdout).toContain(`Left out: ${first}, bad: drill failed`);
  expect(ran.stdout).toContain(`Not copied: ${third}.later`);
  expect(await readdir(join(target(kept), 'prod'))).not.toContain(`${third}.later`);
  const named = await kept.run('copy', first, '--to', target(kept), '--quiet');
  expect(named.stdout).toBe(`${first}\n`);
  expect(named.stderr).toContain(`warning: ${first} is bad: drill failed`);
  expect((await kept.run('copy', first, '--to', target(kept), '--verified-only')).code).toBe(2);
});

test('another lineage, other bytes of the same id, and a removal that has begun there are refused', async () => {
  await using kept = await filled([first, second]);
  const to = join(target(kept), 'prod');
  const foreign = openFileStore(join(kept.folder, '..', 'foreign'));
  const options = { tool: 'test', now: new Date(), signal };
  await startLineage(foreign, 'prod', { ...options, named: 'f'.repeat(32) });
  expect((await kept.run('copy', '--to', join(kept.folder, '..', 'foreign'))).code).toBe(23);
  expect((await kept.run('copy')).code).toBe(2);

  await startLineage(openFileStore(target(kept)), 'prod', { ...options, named: sampleLineage });
  await writeFile(join(to, `${first}.removed`), 'by hand');
  const removed = await kept.json<CopyResult>('copy', '--to', target(kept));
  expect(removed.code).toBe(23);
  expect(removed.document.result.snapshots).toMatchObject([
    { id: second, done: true },
    { id: first, done: false, problem: expect.stringContaining('is being removed there') },
  ]);
  await rm(join(to, `${first}.removed`));
  await appendFile(join(to, `${second}.json`), '\n');
  await kept.run('copy', '--to', target(kept));
  await appendFile(join(to, sampleManifest(first).object.name), 'more');
  const other = await kept.json<CopyResult>('copy', '--to', target(kept));
  expect(other.code).toBe(20);
  expect(other.document.result.snapshots.map(({ problem }) => problem)).toEqual([
    expect.stringContaining('another manifest'),
    expect.stringContaining('object of 9 bytes there'),
  ]);
  await mkdir(join(kept.folder, '..', 'lost', 'prod'), { recursive: true });
  await writeFile(join(kept.folder, '..', 'lost', 'prod', `${first}.json`), '{}');
  expect((await kept.run('copy', '--to', join(kept.folder, '..', 'lost'))).code).toBe(23);
});

const etcdCluster = JSON.stringify(
  {
    format: 1,
    kind: 'etcd-cluster',
    lineage: sampleLineage,
    clusterId: '14841639068965178418',
    since: '2026-11-10T06:18:07.000Z',
    accepted: 'first',
    members: [],
  },
  null,
  2,
).concat('\n');
