/** A cluster of some size, an S3 server, and the command between them, for tests of what goes wrong there. */

import type { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { snapshotsIn, uploadsIn } from './bucket-contents.ts';
import { type EtcdCluster, startEtcd } from './etcd.ts';
import { fill } from './fill.ts';
import type { S3Server } from './s3-server.ts';
import { useCredentials } from './s3-store.ts';
import { connection, type Ran, snapback } from './snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

type Run = (
  /** Where the command finds the server. */
  at: { endpoint: string },
  bucket: string,
  /** Name of the command and its arguments, without store and etcd. */
  args: string[],
  options?: Parameters<typeof snapback>[1],
) => Promise<Ran>;

export type Trouble = {
  server: S3Server;
  /** A client of the root user, straight to the server. */
  root: S3Client;
  /** Where the commands run. */
  folder: TemporaryFolder;
  /** A snapshot is stored as it is, so that it takes six parts: more than are on their way at once. */
  run: Run;
  /** A bucket with one snapshot in it, for what only reads, and its id. */
  filled: string;
  id: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** So that what fails for ever fails soon. */
export const twice = { env: { AWS_MAX_ATTEMPTS: '2' } };

/** `etcd` is the path of its program. */
export const startTrouble = async (start: () => Promise<S3Server>, etcd: string): Promise<Trouble> => {
  await using started = new AsyncDisposableStack();
  const folder = started.use(await temporaryFolder());
  const server = started.use(await start());
  useCredentials(server);
  const root = server.client();
  started.defer(() => root.destroy());
  const cluster: EtcdCluster = started.use(await startEtcd({ etcd, tls: true }));
  await fill(cluster.settings(), { count: 450, size: 100_000 });
  const run: Run = ({ endpoint }, bucket, [command = '', ...more], options = {}) => {
    const store = ['--store', `s3://${bucket}/backups`, '--cluster', 'prod', '--s3-endpoint', endpoint];
    const save = command === 'save' ? [...connection(cluster.settings()), '--compression', 'none'] : [];
    return snapback([command, ...save, ...store, ...more], { cwd: folder.path, ...options });
  };
  const filled = await server.newBucket();
  const saved = await run(server, filled, ['save', '--quiet']);
  expect(saved.code).toBe(0);
  const id = saved.stdout.trim();
  const all = started.move();
  return { server, root, folder, run, filled, id, [Symbol.asyncDispose]: () => all.disposeAsync() };
};

/** There is this number of whole snapshots, and nothing of any other, unfinished uploads included. */
export const expectSnapshots = async (root: S3Client, bucket: string, count: number): Promise<void> => {
  const { whole, half, orphans } = await snapshotsIn(root, bucket);
  expect({ whole: whole.length, half, orphans }).toEqual({ whole: count, half: [], orphans: [] });
  expect(await uploadsIn(root, bucket)).toEqual([]);
};
