/** What a bucket that keeps versions still has of objects that were removed or overwritten. */
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import { isSnapbackError } from '../errors.ts';
import { checkCluster, isNamePart, splitName } from './name.ts';
import { ask, type Bucket, keyOf } from './s3-client.ts';
import { codeOf, statusOf } from './s3-error.ts';
import { held } from './s3-lock.ts';
import { keepsVersions } from './s3-set-up.ts';
import type { Held, Version } from './store.ts';

type Options = { signal: AbortSignal };

/** See the contract. A thousand versions a request, and none where the bucket keeps no versions. */
export const versions = async (
  bucket: Bucket,
  cluster: string,
  { signal }: Options,
): Promise<Version[] | null> => {
  checkCluster(cluster, 'list the versions');
  if (!(await keepsVersions(bucket, signal))) return null;
  const folder = `${cluster}/`;
  const found: Version[] = [];
  for await (const { Versions = [], DeleteMarkers = [] } of pages(bucket, folder, { signal })) {
    const content = Versions.map(one => ({ ...one, hides: false }));
    const markers = DeleteMarkers.map(one => ({ ...one, Size: 0, hides: true }));
    for (const { Key = '', VersionId = 'null', Size = 0, LastModified, IsLatest, hides } of [
      ...content,
      ...markers,
    ]) {
      const file = Key.slice(keyOf(bucket, folder).length);
      if (!Key.startsWith(keyOf(bucket, folder)) || !isNamePart(file)) continue;
      const modified = LastModified ?? new Date(0);
      const newest = IsLatest ?? false;
      found.push({ name: `${folder}${file}`, version: VersionId, size: Size, modified, hides, newest });
    }
  }
  return found;
};

/**
 * See the contract. A held version is refused with 403 by some servers and with 400 by others, and neither says until
 * when: that is asked for after.
 */
export const removeVersion = async (
  bucket: Bucket,
  { name, version }: Pick<Version, 'name' | 'version'>,
  { signal }: Options,
): Promise<Held | null> => {
  splitName(name, 'remove a version');
  const about = {
    operation: 'remove a version',
    object: `${bucket.location}/${name}`,
    right: 's3:DeleteObjectVersion',
  };
  const command = new DeleteObjectCommand({
    Bucket: bucket.bucket,
    Key: keyOf(bucket, name),
    VersionId: version,
  });
  try {
    await ask(bucket, about, signal, (client, options) => client.send(command, options));
    return null;
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'not-found') return null;
    // To some servers the id of a version that is gone is no id at all.
    if (['NoSuchVersion', 'InvalidArgument'].includes(codeOf(error))) return null;
    const status = statusOf(error);
    const lock = status === 403 || status === 400 ? await held(bucket, name, { signal, version }) : null;
    if (lock) return lock;
    throw error;
  }
};

async function* pages(
  bucket: Bucket,
  folder: string,
  { signal }: Options,
): AsyncGenerator<ListObjectVersionsCommandOutput> {
  const about = {
    operation: 'list the versions',
    object: `${bucket.location}/${folder}`,
    right: 's3:ListBucketVersions',
  };
  for (let key: string | undefined, version: string | undefined; ; ) {
    const command = new ListObjectVersionsCommand({
      Bucket: bucket.bucket,
      Prefix: keyOf(bucket, folder),
      Delimiter: '/',
      ...(key ? { KeyMarker: key } : {}),
      ...(version ? { VersionIdMarker: version } : {}),
    });
    const page = await ask(bucket, about, signal, (client, options) => client.send(command, options));
    yield page;
    if (!page.IsTruncated || !page.NextKeyMarker) return;
    [key, version] = [page.NextKeyMarker, page.NextVersionIdMarker];
  }
}
