import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSmall } from '../src/catalog/document.ts';
import {
  type EtcdCluster,
  giveEtcdClusters,
  mergeEtcdClusters,
  readEtcdClusters,
  recordEtcdCluster,
} from '../src/catalog/etcd-cluster.ts';
import { acceptEtcdCluster, hexId } from '../src/catalog/etcd-cluster-rule.ts';
import { giveLineage, type Lineage, readLineage, startLineage } from '../src/catalog/lineage.ts';
import { useLineage } from '../src/catalog/lineage-use.ts';
import { listSnapshots } from '../src/catalog/listing.ts';
import { openFileStore } from '../src/store/file.ts';
import type { Store } from '../src/store/store.ts';
import { sampleLineage } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const now = new Date('2026-11-22T06:18:07.250Z');
const start = { tool: 'etcd-snapback 0.1.0', now, named: null, signal };
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const other = 'f'.repeat(32);

test('the first save begins a lineage, and those who begin at once share it', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  expect(await readLineage(store, 'prod', { signal })).toBeNull();
  const all = await Promise.all(Array.from({ length: 6 }, () => startLineage(store, 'prod', start)));
  const written = await readLineage(store, 'prod', { signal });
  for (const one of all) expect(one).toEqual(written);
  expect(written).toEqual({
    format: 1,
    kind: 'lineage',
    lineage: expect.stringMatching(/^[0-9a-f]{32}$/),
    name: 'prod',
    created: '2026-11-22T06:18:07.250Z',
    tool: 'etcd-snapback 0.1.0',
  });
  expect((await startLineage(store, 'staging', start)).lineage).not.toBe(written?.lineage);
});

test('a lineage can be begun with the id of one elsewhere', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  expect((await startLineage(store, 'prod', { ...start, named: sampleLineage })).lineage).toBe(sampleLineage);
  expect((await startLineage(store, 'prod', { ...start, named: sampleLineage })).lineage).toBe(sampleLineage);
  await expect(startLineage(store, 'prod', { ...start, named: other })).rejects.toEqual(code('refused'));
});

test.each([
  ['{"format":1,"kind":"lineage"', 'integrity'],
  ['{"format":1,"kind":"lineage","lineage":"x"}', 'integrity'],
  ['{"format":2,"kind":"lineage","tool":"etcd-snapback 2.0.0"}', 'refused'],
  [JSON.stringify({ ...lineageOf('staging') }), 'refused'],
])('cluster.json that is %s is not believed', async (text, wanted) => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await store.put('prod/cluster.json', Buffer.from(text), { signal });
  await expect(readLineage(store, 'prod', { signal })).rejects.toEqual(code(wanted));
});

const recorded = lineageOf('prod');
const folders = {
  new: { cluster: 'prod', recorded: null, hasManifests: false },
  used: { cluster: 'prod', recorded, hasManifests: true },
  lost: { cluster: 'prod', recorded: null, hasManifests: true },
};

test.each([
  ['save', 'new', null, { state: 'start', named: null }],
  ['save', 'new', other, { state: 'start', named: other }],
  ['save', 'used', null, { state: 'known', lineage: sampleLineage }],
  ['save', 'used', sampleLineage, { state: 'known', lineage: sampleLineage }],
  ['save', 'used', other, 'refused'],
  ['save', 'lost', null, 'refused'],
  ['save', 'lost', other, 'refused'],
  ['remove', 'new', null, { state: 'empty' }],
  ['remove', 'used', null, { state: 'known', lineage: sampleLineage }],
  ['remove', 'used', other, { state: 'known', lineage: other }],
  ['remove', 'lost', null, 'refused'],
  ['remove', 'lost', other, 'refused'],
  ['read', 'new', null, { state: 'empty' }],
  ['read', 'used', null, { state: 'known', lineage: sampleLineage }],
  ['read', 'used', other, { state: 'known', lineage: other }],
  ['read', 'lost', null, { state: 'lost', warning: expect.stringContaining('no cluster.json') }],
  ['read', 'lost', other, { state: 'known', lineage: other }],
  ['read', 'used', 'prod', 'usage'],
] as const)('to %s in a folder that is %s with --lineage %s', (use, folder, named, wanted) => {
  const act = () => useLineage(use, folders[folder], named);
  if (typeof wanted === 'string') expect(act).toThrow(code(wanted));
  else expect(act()).toEqual(wanted);
});

const [a, b, c] = ['14841639068965178418', '111', '222'];
const asked = { cluster: 'prod', named: false, acceptId: null };
const record = (clusterId: string, at: number) => ({
  clusterId,
  since: new Date(now.getTime() + at).toISOString(),
});

test('which etcd clusters a lineage takes', () => {
  const once = [record(a, 0)];
  const twice = [record(a, 0), record(b, 1)];
  const silent = (accepted: string | null) => ({ record: accepted, warning: null });
  const warned = (accepted: string) => ({
    record: accepted,
    warning: expect.stringContaining('from now on prod'),
  });

  expect(acceptEtcdCluster([], a, asked)).toEqual(silent('first'));
  expect(acceptEtcdCluster(once, a, asked)).toEqual(silent(null));
  expect(acceptEtcdCluster(twice, b, { ...asked, named: true })).toEqual(silent(null));

  expect(acceptEtcdCluster(once, b, { ...asked, named: true })).toEqual(warned('named'));
  expect(() => acceptEtcdCluster(once, b, asked)).toThrow(
    expect.objectContaining({ code: 'refused', hint: expect.stringContaining('--cluster prod') }),
  );

  for (const named of [false, true])
    expect(() => acceptEtcdCluster(twice, a, { ...asked, named })).toThrow(
      expect.objectContaining({ code: 'refused', hint: expect.stringContaining(`--accept-cluster-id ${a}`) }),
    );
  for (const acceptId of [a, hexId(a), `0x${hexId(a).toUpperCase()}`])
    expect(acceptEtcdCluster(twice, a, { ...asked, acceptId })).toEqual(warned('by id'));
  expect(acceptEtcdCluster(once, c, { ...asked, acceptId: c })).toEqual(warned('by id'));

  for (const named of [false, true])
    expect(() => acceptEtcdCluster(twice, a, { ...asked, named, acceptId: c })).toThrow(code('refused'));
  expect(acceptEtcdCluster(twice, b, { ...asked, acceptId: a })).toEqual(silent(null));
  expect(acceptEtcdCluster([...twice, record(a, 2)], a, asked)).toEqual(silent(null));
});

test('whatever was accepted is the current one from then on', () => {
  const ids = fc.array(fc.constantFrom(a, b, c), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(ids, sequence => {
      const records: { clusterId: string; since: string }[] = [];
      for (const [at, clusterId] of sequence.entries()) {
        const { record: how } = acceptEtcdCluster(records, clusterId, { ...asked, acceptId: clusterId });
        if (how) records.push(record(clusterId, at));
        expect(acceptEtcdCluster(records, clusterId, asked).record).toBeNull();
        // Nothing else gets in without a word.
        for (const stranger of [a, b, c].filter(one => one !== clusterId))
          expect(() => acceptEtcdCluster(records, stranger, asked)).toThrow(code('refused'));
      }
    }),
  );
});

const records = async (store: Store, lineage: string): Promise<EtcdCluster[]> => {
  const { etcdClusters } = await listSnapshots(store, 'prod', { signal });
  return readEtcdClusters(store, etcdClusters, lineage, { signal });
};

test('records are read oldest first, whatever the clock did, and those of another lineage are left out', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  const read = (lineage = sampleLineage) => records(store, lineage);
  const write = async (
    clusterId: string,
    accepted: EtcdCluster['accepted'],
    at: Date,
    lineage = sampleLineage,
  ) =>
    recordEtcdCluster(
      store,
      'prod',
      { lineage, clusterId, accepted, members: [] },
      { before: await read(), now: at, signal },
    );
  expect(await read()).toEqual([]);
  await write(c, 'first', now, other);
  await write(b, 'first', now);
  await write(a, 'named', new Date(now.getTime() - 3_600_000));
  const third = await write(b, 'by id', now);
  expect((await read()).map(one => [one.clusterId, one.accepted])).toEqual([
    [b, 'first'],
    [a, 'named'],
    [b, 'by id'],
  ]);
  expect(third.since > now.toISOString()).toBe(true);
  expect((await read(other)).map(one => one.clusterId)).toEqual([c]);
});

test('two runs that record the same at once are no trouble, a damaged record is', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  const mine = { lineage: sampleLineage, clusterId: a, accepted: 'first' as const, members: [] };
  await Promise.all([1, 2].map(() => recordEtcdCluster(store, 'prod', mine, { before: [], now, signal })));
  expect(await records(store, sampleLineage)).toHaveLength(1);
  await store.put('prod/cluster.20261122T061900Z.5.json', Buffer.from('{'), { signal });
  await expect(records(store, sampleLineage)).rejects.toEqual(code('integrity'));
});

test('a second store gets the lineage and the records that it lacks, byte for byte, and none of another', async () => {
  await using folder = await temporaryFolder();
  const [first, second] = [openFileStore(`${folder.path}/1`), openFileStore(`${folder.path}/2`)];
  const mine = await startLineage(first, 'prod', { ...start, named: sampleLineage });
  expect(await giveLineage(second, mine, { signal })).toEqual(mine);
  await expect(giveLineage(second, { ...mine, lineage: other }, { signal })).rejects.toEqual(code('refused'));
  const record = async (store: Store, clusterId: string, before: EtcdCluster[]) => {
    const of = { lineage: sampleLineage, clusterId, accepted: 'named' as const, members: [] };
    return recordEtcdCluster(store, 'prod', of, { before, now, signal });
  };
  const one = await record(first, a, []);
  const two = await record(second, b, [one]);
  const stores = [await records(first, sampleLineage), await records(second, sampleLineage)];
  const all = mergeEtcdClusters([...stores, ...stores]);
  expect(all).toEqual([one, two]);
  for (const [at, store] of [first, second].entries())
    await giveEtcdClusters(store, 'prod', { all, there: stores[at] ?? [] }, { signal });
  const bytes = async (store: Store) => {
    const { etcdClusters } = await listSnapshots(store, 'prod', { signal });
    return Promise.all(etcdClusters.map(async name => (await readSmall(store, name, { signal })).toString()));
  };
  expect(await bytes(first)).toHaveLength(2);
  expect(await bytes(second)).toEqual(await bytes(first));
});

function lineageOf(name: string): Lineage {
  return { format: 1, kind: 'lineage', lineage: sampleLineage, name, created: now.toISOString(), tool: 't' };
}
