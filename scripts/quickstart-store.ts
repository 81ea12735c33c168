/** Where the quickstart keeps its snapshots: a folder, or a bucket of an S3 server that it starts. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildGoProgram, titleOf } from '../test/support/go-programs.ts';
import { useCredentials } from '../test/support/s3-store.ts';
import { startVersitygw } from '../test/support/versitygw.ts';

export type DemoStore = {
  /** The options that name it. */
  options: string[];
  /** What runs for it, as it reads at the end of a line; empty for nothing. */
  told: string;
  /** Where its objects are, as it reads after "The demo": also when nothing runs any more. */
  place: string;
  /** What names such a store of one's own on the command line, after a space; empty where the default does. */
  next: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A folder below `folder`, empty. */
export const demoFolder = async (folder: string): Promise<DemoStore> => {
  const store = `./${join(folder, 'store')}`;
  await rm(store, { recursive: true, force: true });
  return {
    options: ['--store', store],
    told: '',
    place: `store is ${store}`,
    next: '',
    [Symbol.asyncDispose]: async () => {},
  };
};

/**
 * An empty bucket of a versitygw that answers over TLS on a free port, and keeps its objects as files below `folder`.
 * The server is built where the cache has none, with a word about it, and ended by disposing. This process and
 * the commands that it starts have its credentials from then on, and none of anybody else.
 */
export const demoBucket = async (folder: string, { signal }: { signal: AbortSignal }): Promise<DemoStore> => {
  const title = titleOf('versitygw');
  const data = join(folder, 's3');
  await rm(data, { recursive: true, force: true });
  const slow = setTimeout(() => console.error(`     building ${title}, an S3 server, a minute or two`), 1000);
  const { path } = await buildGoProgram('versitygw', { signal })
    .catch(error => {
      throw new Error(`${title} could not be built: ${error.message}`);
    })
    .finally(() => clearTimeout(slow));
  const server = await startVersitygw(path, { tls: true, data });
  useCredentials(server);
  const bucket = await server.newBucket({ name: 'demo' });
  const endpoint = ['--s3-endpoint', server.endpoint, '--s3-ca', `${server.ca}`];
  return {
    options: ['--store', `s3://${bucket}/etcd`, ...endpoint],
    told: `; ${title} on ${server.endpoint}`,
    place: `bucket's objects are in ./${join(data, bucket)}`,
    next: ' --store s3://BUCKET/PREFIX --s3-endpoint URL',
    [Symbol.asyncDispose]: server[Symbol.asyncDispose],
  };
};
