import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { SnapbackError } from '../src/errors.ts';
import { storeEverywhere } from '../src/job/store-everywhere.ts';
import { silentLog } from '../src/log.ts';
import { openFileStore } from '../src/store/file.ts';
import { meanwhile } from './support/cut-store.ts';
import { madeKey } from './support/signing-keys.ts';
import { sampleManifest } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const id = '20261122T061807Z-4f2a9c';
const context = { signal, log: silentLog, notify: () => {}, progress: () => {} };

/** Stores a snapshot where the write of `lost` fails; before anything is there of it, or when it is all there. */
const storeWith = async (lost: string, whole: boolean): Promise<string[]> => {
  await using folder = await temporaryFolder();
  const real = openFileStore(folder.path);
  const error = new SnapbackError('store', { operation: 'write', object: 'it', reason: 'gave no answer' });
  const fail = async (name: string) => {
    if (name.endsWith(lost)) throw error;
  };
  const store = whole
    ? meanwhile(real, fail)
    : {
        ...real,
        put: async (...args: Parameters<typeof real.put>) => fail(args[0]).then(() => real.put(...args)),
      };
  const taking = {
    stream: Readable.from([Buffer.from('the bytes')]),
    atMost: 100,
    manifest: async () => sampleManifest(id),
    [Symbol.asyncDispose]: async () => {},
  };
  const name = `prod/${id}.db.zst.age`;
  const stored = await storeEverywhere(
    taking,
    name,
    [{ store, recordCluster: async () => {} }],
    { patience: 5000, signKey: madeKey('ours').sign },
    context,
  );
  expect(stored[0]?.error?.code).toBe('store');
  const left: string[] = [];
  for await (const one of real.list('prod', { signal })) left.push(one.name);
  return left.sort();
};

test('a manifest that could not be written takes its object and its signature with it', async () => {
  expect(await storeWith('.json', false)).toEqual([]);
  expect(await storeWith('.json.sig', false)).toEqual([]);
  expect(await storeWith('.json.sig', true)).toEqual([]);
});

test('a manifest that was written although its answer was lost keeps its object', async () => {
  expect(await storeWith('.json', true)).toEqual([
    `prod/${id}.db.zst.age`,
    `prod/${id}.json`,
    `prod/${id}.json.sig`,
  ]);
});
