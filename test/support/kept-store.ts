/** A store with snapshots of one cluster in a folder of its own, and the command run on it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startLineage } from '../../src/catalog/lineage.ts';
import { openFileStore } from '../../src/store/file.ts';
import type { Store } from '../../src/store/store.ts';
import { type Ran, snapback } from './snapback.ts';
import { putSample, sampleLineage } from './snapshot-sample.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { signal } = new AbortController();

export type KeptStore = {
  store: Store;
  /** The cluster's folder. */
  folder: string;
  /** `snapback <args>` on the cluster `prod`. */
  run(...args: string[]): Promise<Ran>;
  /** The document of `--json`. */
  json<R>(...args: string[]): Promise<Ran & { document: Document<R> }>;
  put(file: string, text?: string): Promise<void>;
  /** All files of the cluster that begin with `start`, in order. */
  files(start?: string): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** What `--json` prints; `result` is asked for only where there is one. */
export type Document<R> = {
  command: string;
  ok: boolean;
  exit: number;
  error: { code: string } | null;
  result: R;
};

export const keptStore = async (ids: string[]): Promise<KeptStore> => {
  const temporary = await temporaryFolder();
  const store = openFileStore(temporary.path);
  const options = { tool: 'test', now: new Date('2026-11-01T00:00:00Z'), named: sampleLineage, signal };
  await startLineage(store, 'prod', options);
  for (const id of ids) await putSample(store, id);
  const folder = join(temporary.path, 'prod');
  const run = (...args: string[]) =>
    snapback([...args, '--store', temporary.path, '--cluster', 'prod'], { cwd: temporary.path });
  return {
    store,
    folder,
    run,
    json: async (...args) => {
      const ran = await run(...args, '--json');
      return { ...ran, document: JSON.parse(ran.stdout) };
    },
    put: async (file, text = 'x') => {
      await store.put(`prod/${file}`, Buffer.from(text), { signal });
    },
    files: async (start = '') => (await readdir(folder)).filter(file => file.startsWith(start)).sort(),
    [Symbol.asyncDispose]: temporary[Symbol.asyncDispose],
  };
};

/** One a day at 06:18:07 of November 2026, from `first` to `last`, oldest first. */
export const daily = (first: number, last: number): string[] =>
  Array.from(
    { length: last - first + 1 },
    (_, i) => `202611${String(first + i).padStart(2, '0')}T061807Z-4f2a9c`,
  );
