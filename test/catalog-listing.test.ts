import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Entry, listSnapshots, readNames } from '../src/catalog/listing.ts';
import { readManifest, readManifests } from '../src/catalog/read.ts';
import { selectSnapshot } from '../src/catalog/select.ts';
import { anyone } from '../src/catalog/trust-key.ts';
import { openFileStore } from '../src/store/file.ts';
import type { Store } from '../src/store/store.ts';
import { putSample, sampleLineage, sampleManifest } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const id = '20261122T061807Z-4f2a9c';
const ids = [1, 2, 3, 4].map(day => `2026112${day}T061807Z-4f2a9${day}`);
const [first = '', second = '', third = '', fourth = ''] = ids;

const listingOf = (...files: string[]) =>
  readNames(
    'prod',
    files.map(file => ({ name: `prod/${file}`, size: file.length, modified: new Date(0) })),
  );

test('a snapshot is what has a manifest, with all that lies beside it', () => {
  const pass = `${id}.verify.20261123T000000Z-00ff00.drill.pass.json`;
  const files = [
    `${id}.json`,
    `${id}.json.sig`,
    `${id}.db.zst`,
    `${id}.files.tar.zst.age`,
    `${id}.pin`,
    pass,
    `${pass}.sig`,
  ];
  const listing = listingOf('cluster.json', ...files, `${id}.log.1`, 'cluster.20261122T061807Z.5.json');
  const verdict = { name: pass, time: new Date('2026-11-23T00:00:00Z'), level: 'drill', pass: true };
  expect(listing).toEqual({
    cluster: 'prod',
    entries: [
      {
        cluster: 'prod',
        id,
        started: new Date('2026-11-22T06:18:07Z'),
        objectName: `${id}.db.zst`,
        objectSize: 30,
        manifestSize: 28,
        signed: true,
        pinned: true,
        verdicts: [verdict],
        bad: false,
        failed: null,
        verified: verdict,
        files: [...files].sort(),
        others: [`${id}.log.1`],
      },
    ],
    orphans: [],
    removing: [],
    hasLineage: true,
    etcdClusters: ['prod/cluster.20261122T061807Z.5.json'],
    unknown: [`${id}.log.1`],
    strays: [],
  });
});

test('a snapshot whose object is missing is bad and not verified', () => {
  const [entry] = listingOf(`${id}.json`, `${id}.verify.20261123T000000Z-00ff00.drill.pass.json`).entries;
  expect(entry).toMatchObject({
    objectName: null,
    objectSize: null,
    bad: true,
    failed: null,
    verified: null,
  });
});

test('what has a marker is no snapshot, what has neither marker nor manifest is an orphan', () => {
  const listing = listingOf(
    ...[`${first}.json`, `${first}.db`, `${first}.removed`, `${first}.x`],
    ...[`${second}.db.zst`, `${second}.json.sig`],
    ...[`${third}.removed`],
    ...[`${fourth}.pin`],
    ...['README', 'mystery.json'],
  );
  const names = (of: { id: string; files: { name: string }[] }[]) =>
    of.map(one => [one.id, one.files.map(file => file.name)]);
  expect(listing.entries).toEqual([]);
  expect(names(listing.removing)).toEqual([
    [third, [`${third}.removed`]],
    [first, [`${first}.db`, `${first}.json`, `${first}.removed`]],
  ]);
  expect(names(listing.orphans)).toEqual([[second, [`${second}.db.zst`, `${second}.json.sig`]]]);
  expect(listing.strays).toEqual([`${fourth}.pin`]);
  expect(listing.unknown).toEqual([`${first}.x`, 'README', 'mystery.json']);
  expect(listing.hasLineage).toBe(false);
});

test('entries are newest first in whatever order the store lists them', () => {
  const files = ids.flatMap(one => [`${one}.json`, `${one}.db.zst`, `${one}.pin`]);
  const listing = listingOf(...files);
  expect(listing.entries.map(entry => entry.id)).toEqual([fourth, third, second, first]);
  fc.assert(
    fc.property(fc.shuffledSubarray(files, { minLength: files.length }), shuffled => {
      expect(listingOf(...shuffled)).toEqual(listing);
    }),
  );
});

test('no name of a file can confuse a listing', () => {
  const parts = fc.constantFrom(
    first,
    second,
    '.json',
    '.db',
    '.zst',
    '.age',
    '.removed',
    '.pin',
    '.verify',
    '__proto__',
    '.',
  );
  const files = fc.uniqueArray(fc.array(parts, { maxLength: 4 }).map(some => some.join('')));
  fc.assert(
    fc.property(files, some => {
      const listing = listingOf(...some);
      const places = [
        ...listing.entries.flatMap(entry => entry.files),
        ...[...listing.orphans, ...listing.removing].flatMap(one => one.files.map(file => file.name)),
        ...listing.strays,
        ...listing.unknown,
      ];
      expect(places.sort()).toEqual([...some].sort());
    }),
  );
});

test('one listing of a store', async () => {
  await using opened = await storeWith(...ids);
  const listing = await listSnapshots(opened.store, 'prod', { signal });
  expect(listing.entries.map(entry => [entry.id, entry.objectSize])).toEqual(
    [...ids].reverse().map(one => [one, 5]),
  );
  expect((await listSnapshots(opened.store, 'none', { signal })).entries).toEqual([]);
});

test('manifests are read in order, and one that is broken is an error of its row alone', async () => {
  await using opened = await storeWith(first, second);
  const { store } = opened;
  await store.put(`prod/${third}.json`, Buffer.from('{'), { signal });
  await putSample(store, fourth, { lineage: 'f'.repeat(32) });
  const { entries } = await listSnapshots(store, 'prod', { signal });
  await store.remove(`prod/${second}.json`, { signal });
  const rows = await readManifests(store, entries, { lineage: sampleLineage, trust: anyone, signal });
  expect(rows.map(row => row.entry.id)).toEqual([fourth, third, second, first]);
  expect(rows.map(row => row.error?.code ?? null)).toEqual(['refused', 'integrity', 'not-found', null]);
  expect(rows[3]?.read?.manifest).toEqual(sampleManifest(first));
  const lost = await readManifests(store, entries, { lineage: null, trust: anyone, signal });
  expect(lost.map(row => row.error?.code ?? null)).toEqual([null, 'integrity', 'not-found', null]);
});

test('a manifest comes with the hash of its bytes', async () => {
  await using opened = await storeWith(first);
  const read = await readManifest(
    opened.store,
    { cluster: 'prod', id: first },
    { lineage: sampleLineage, trust: anyone, signal },
  );
  const { createHash } = await import('node:crypto');
  expect(read.sha256).toBe(`sha256:${createHash('sha256').update(read.bytes).digest('hex')}`);
  expect(JSON.parse(Buffer.from(read.bytes).toString())).toEqual(read.manifest);
});

test('a manifest that is too large to be one is not read into memory', async () => {
  await using opened = await storeWith();
  await opened.store.put(`prod/${first}.json`, Buffer.alloc(5_000_000, ' '), { signal });
  await expect(
    readManifest(opened.store, { cluster: 'prod', id: first }, { lineage: null, trust: anyone, signal }),
  ).rejects.toMatchObject({ code: 'integrity', reason: expect.stringContaining('larger than') });
});

test('an abort ends the reading of manifests with its reason', async () => {
  await using opened = await storeWith(...ids);
  const { entries } = await listSnapshots(opened.store, 'prod', { signal });
  const reason = new Error('stop');
  const options = { lineage: null, trust: anyone, signal: AbortSignal.abort(reason) };
  await expect(readManifests(opened.store, entries, options)).rejects.toBe(reason);
});

const drill = (one: string, pass: boolean) =>
  `${one}.verify.20261123T000000Z-00ff00.drill.${pass ? 'pass' : 'fail'}.json`;
const some = listingOf(
  ...ids.flatMap(one => [`${one}.json`, `${one}.db.zst`]),
  drill(fourth, false),
  drill(second, true),
).entries;

const chosen = (selector: string, options?: Parameters<typeof selectSnapshot>[2], entries: Entry[] = some) =>
  selectSnapshot(entries, selector, options).entry.id;

test('latest, the ones before it, and the newest that is verified', () => {
  expect(chosen('latest')).toBe(fourth);
  expect(chosen('latest~0')).toBe(fourth);
  expect(chosen('latest~3')).toBe(first);
  expect(chosen('latest-verified')).toBe(second);
});

test('to restore, bad ones are passed over and said', () => {
  expect(selectSnapshot(some, 'latest', { skipBad: true })).toMatchObject({
    entry: { id: third },
    passedOver: [{ id: fourth }],
  });
  expect(selectSnapshot(some, 'latest~1', { skipBad: true })).toMatchObject({
    entry: { id: second },
    passedOver: [{ id: fourth }],
  });
  expect(selectSnapshot(some, 'latest')).toMatchObject({ entry: { id: fourth }, passedOver: [] });
  expect(selectSnapshot(some, fourth, { skipBad: true })).toMatchObject({
    entry: { id: fourth },
    passedOver: [],
  });
});

test('before a time, which counts itself', () => {
  const before = new Date('2026-11-23T06:18:07Z');
  expect(chosen('latest', { before })).toBe(third);
  expect(chosen('latest', { before: new Date(before.getTime() - 1) })).toBe(second);
  expect(chosen('latest~1', { before })).toBe(second);
  expect(chosen('latest-verified', { before })).toBe(second);
});

test.each([third, '20261123T061807Z', '0261123T0', '4f2a93', '2A93', '3T06', '20261123t061807z'])(
  '%s is a part of one alone',
  part => {
    expect(chosen(part)).toBe(third);
  },
);

test.each([
  ['latest~4', {}, 'not-found'],
  ['latest-verified', { before: new Date('2026-11-21T23:00:00Z') }, 'not-found'],
  ['latest', { before: new Date('2020-01-01') }, 'not-found'],
  ['20261122T061807Z-000000', {}, 'not-found'],
  ['ffff', {}, 'not-found'],
  ['4f2a', {}, 'usage'],
  ['4f2', {}, 'usage'],
  ['', {}, 'usage'],
  ['latest~', {}, 'usage'],
  ['newest', {}, 'usage'],
  ['../../etc', {}, 'usage'],
  [third, { before: new Date() }, 'usage'],
])('%j is no snapshot here', (selector, options, code) => {
  expect(() => chosen(selector, options)).toThrow(expect.objectContaining({ code }));
});

test('errors name what there is to choose from', () => {
  expect(() => chosen('4f2a')).toThrow(ids.toReversed().join(', '));
  expect(() => chosen('ffff')).toThrow(expect.objectContaining({ hint: expect.stringContaining(fourth) }));
  expect(() => chosen('latest', {}, [])).toThrow(
    expect.objectContaining({ code: 'not-found', hint: expect.stringContaining('no snapshots here') }),
  );
  const many = listingOf(
    ...Array.from({ length: 20 }, (_, at) => `20261122T0618${10 + at}Z-4f2a9c.json`),
  ).entries;
  expect(() => chosen('4f2a', {}, many)).toThrow('and 12 more');
});

const storeWith = async (
  ...snapshots: string[]
): Promise<{ store: Store; [Symbol.asyncDispose](): Promise<void> }> => {
  const folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  for (const one of snapshots) await putSample(store, one);
  return { store, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
};
