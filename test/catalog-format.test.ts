/** docs/format.md is what is left when the program is gone, so what it shows must be what the program reads. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEtcdClusters } from '../src/catalog/etcd-cluster.ts';
import { parseLineage } from '../src/catalog/lineage.ts';
import { manifestBytes, parseManifest } from '../src/catalog/manifest.ts';
import { parseName } from '../src/catalog/names.ts';
import { anyone } from '../src/catalog/trust-key.ts';
import { readVerdict } from '../src/catalog/verdict.ts';
import { openFileStore } from '../src/store/file.ts';
import { sampleLineage } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const page = await readFile(join(import.meta.dirname, '../docs/format.md'), 'utf8');
const documents = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const names = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name);

const ofKind = (kind: string): Uint8Array => {
  const found = documents.filter(text => JSON.parse(text).kind === kind);
  expect(found, kind).toHaveLength(1);
  return Buffer.from(found[0] ?? '');
};

test('every name in its table is known, and every kind of name is in it', () => {
  const kinds = [
    'lineage',
    'etcd-cluster',
    'object',
    'manifest',
    'signature',
    'attachments',
    'verdict',
    'pin',
    // A trial of doctor's, which no command takes for a file of a snapshot.
    'other',
    'removed',
  ];
  expect(names.map(name => parseName(name).kind)).toEqual(kinds);
});

test('its manifest is one, with every field in its place', () => {
  const bytes = ofKind('snapshot');
  const expected = { cluster: 'prod', id: '20261122T061807Z-4f2a9c', lineage: sampleLineage };
  const manifest = parseManifest(bytes, expected);
  expect(JSON.stringify(JSON.parse(Buffer.from(manifestBytes(manifest)).toString()))).toBe(
    JSON.stringify(JSON.parse(Buffer.from(bytes).toString())),
  );
});

test('its lineage, its etcd cluster and its verdict are read', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  expect(parseLineage(ofKind('lineage'), 'prod').lineage).toBe(sampleLineage);

  const cluster = names.find(name => parseName(name).kind === 'etcd-cluster') ?? '';
  await store.put(`prod/${cluster}`, ofKind('etcd-cluster'), { signal });
  const [record] = await readEtcdClusters(store, [`prod/${cluster}`], sampleLineage, { signal });
  expect(cluster).toContain(`.${record?.clusterId}.`);

  const named = names.map(parseName).find(one => one.kind === 'verdict');
  if (named?.kind !== 'verdict') return expect.fail('no verdict in the table');
  await store.put(`prod/${named.verdict.name}`, ofKind('verdict'), { signal });
  const { verdict } = await readVerdict(store, 'prod', named.verdict, { trust: anyone, signal });
  expect(new Date(verdict.started)).toEqual(named.verdict.time);
});
