/** What is in a bucket below the store's prefix. Keys that are not of a store's form are somebody else's. */
import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { checkCluster, isNamePart } from './name.ts';
import { ask, type Bucket, keyOf } from './s3-client.ts';
import type { Listed, ListOptions } from './store.ts';

/** See the contract. A thousand objects a request. */
export async function* list(
  bucket: Bucket,
  cluster: string,
  { signal, after = '', prefix = '' }: ListOptions,
): AsyncGenerator<Listed> {
  checkCluster(cluster, 'list the store');
  const folder = `${cluster}/`;
  const below = { prefix: `${folder}${prefix}`, after: after === '' ? '' : `${folder}${after}` };
  for await (const { Contents = [] } of pages(bucket, below, { signal }))
    for (const { Key = '', Size = 0, LastModified = new Date(0) } of Contents) {
      const file = Key.slice(keyOf(bucket, folder).length);
      // Compared here as well: not every server knows where to start.
      if (Key.startsWith(keyOf(bucket, below.prefix)) && isNamePart(file) && file > after)
        yield { name: `${folder}${file}`, size: Size, modified: LastModified };
    }
}

/** See the contract. A request a cluster beside those for the names, since a folder of strangers is no cluster. */
export const clusters = async (bucket: Bucket, { signal }: { signal: AbortSignal }): Promise<string[]> => {
  const found: string[] = [];
  for await (const { CommonPrefixes = [] } of pages(bucket, { prefix: '', after: '' }, { signal }))
    for (const { Prefix = '' } of CommonPrefixes) {
      const cluster = Prefix.slice(bucket.prefix.length, -1);
      if (!isNamePart(cluster)) continue;
      for await (const _ of list(bucket, cluster, { signal })) {
        found.push(cluster);
        break;
      }
    }
  return found.sort();
};

async function* pages(
  bucket: Bucket,
  { prefix, after }: { prefix: string; after: string },
  { signal }: { signal: AbortSignal },
): AsyncGenerator<ListObjectsV2CommandOutput> {
  const about = {
    operation: 'list the store',
    object: `${bucket.location}/${prefix}`,
    right: 's3:ListBucket',
  };
  for (let token: string | undefined; ; ) {
    const command = new ListObjectsV2Command({
      Bucket: bucket.bucket,
      Prefix: keyOf(bucket, prefix),
      ...(after === '' ? {} : { StartAfter: keyOf(bucket, after) }),
      // What lies deeper is never a store's, and may be much.
      Delimiter: '/',
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const page = await ask(bucket, about, signal, (client, options) => client.send(command, options));
    yield page;
    if (!page.IsTruncated || !page.NextContinuationToken) return;
    token = page.NextContinuationToken;
  }
}
