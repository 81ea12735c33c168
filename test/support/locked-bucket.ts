/** A bucket with object lock that holds snapshots of the cluster `prod`, and the command run on it. */
import { startLineage } from '../../src/catalog/lineage.ts';
import type { Store } from '../../src/store/store.ts';
import type { Document } from './kept-store.ts';
import type { S3Server } from './s3-server.ts';
import { openBucket } from './s3-store.ts';
import { type Ran, snapback } from './snapback.ts';
import { putSample, sampleLineage } from './snapshot-sample.ts';

const { signal } = new AbortController();
export const day = 86_400_000;

export type LockedBucket = {
  bucket: string;
  /** Writes without locks. */
  store: Store;
  /** A snapshot of which all is locked for so many days from now; 0 for one without locks. */
  save(id: string, days: number): Promise<void>;
  /** Files of the cluster that are seen, and how many days each is held yet. */
  held(): Promise<Record<string, number>>;
  /** `snapback <args>` on it, by the server's own endpoint or another; not for options that begin with `--s3-`. */
  run(args: string[], endpoint?: string): Promise<Ran>;
  /** The document of `--json`. */
  json<R>(args: string[], endpoint?: string): Promise<Document<R>>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** With `lock: false` it is one without object lock, with versions. */
export const lockedBucket = async (server: S3Server, { lock = true } = {}): Promise<LockedBucket> => {
  const bucket = await server.newBucket({ lock, versioning: true });
  const { store } = await openBucket(server, bucket);
  const named = { tool: 'test', now: new Date('2025-01-01T00:00:00Z'), named: sampleLineage, signal };
  await startLineage(store, 'prod', named);
  const run = (args: string[], endpoint = server.endpoint) =>
    snapback([...args, '--store', store.location, '--cluster', 'prod', '--s3-endpoint', endpoint]);
  return {
    bucket,
    store,
    save: async (id, days) => {
      const objectLock = { mode: 'governance', milliseconds: days * day } as const;
      await using opened = await openBucket(server, bucket, { settings: days > 0 ? { objectLock } : {} });
      await putSample(opened.store, id);
    },
    held: async () => {
      const found: Record<string, number> = {};
      for await (const { name } of store.list('prod', { signal })) {
        const until = (await store.held(name, { signal }))?.until?.getTime() ?? Date.now();
        found[name.slice(5)] = Math.round((until - Date.now()) / day);
      }
      return found;
    },
    run,
    json: async (args, endpoint) => JSON.parse((await run([...args, '--json'], endpoint)).stdout),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
};
