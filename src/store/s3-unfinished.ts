/** Uploads in parts that were begun and never finished: nobody sees them, and they cost money. */
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
} from '@aws-sdk/client-s3';
import { checkCluster, isNamePart } from './name.ts';
import { ask, type Bucket, keyOf } from './s3-client.ts';
import { codeOf, statusOf } from './s3-error.ts';
import { listParts } from './s3-sent-parts.ts';
import type { UnfinishedOptions } from './store.ts';

/** See the contract. The last part that arrived counts, where the credentials may ask for that. */
export const removeUnfinished = async (
  bucket: Bucket,
  cluster: string,
  { before, isOurs = () => true, signal }: UnfinishedOptions,
): Promise<string[]> => {
  checkCluster(cluster, 'remove unfinished uploads');
  const folder = keyOf(bucket, `${cluster}/`);
  const removed: string[] = [];
  for (const { Key = '', UploadId = '', Initiated } of await uploads(bucket, folder, signal)) {
    const file = Key.slice(folder.length);
    if (!Key.startsWith(folder) || !isNamePart(file) || !isOurs(file)) continue;
    if (!Initiated || Initiated >= before) continue;
    if ((await lastPart(bucket, Key, UploadId, signal)) >= before.getTime()) continue;
    await abort(bucket, Key, UploadId, signal);
    removed.push(`${cluster}/${file}`);
  }
  return removed.sort();
};

/** MinIO takes a prefix for a whole key and lists nothing; others may refuse whoever asks for the whole bucket. */
const uploads = async (bucket: Bucket, folder: string, signal: AbortSignal): Promise<MultipartUpload[]> => {
  const below = await listUploads(bucket, folder, signal);
  if (below.length > 0 || bucket.settings.endpoint === null) return below;
  return listUploads(bucket, '', signal).catch((error: unknown) => {
    if (statusOf(error) === 403) return [];
    throw error;
  });
};

const aboutListing = ({ location }: Bucket) => ({
  operation: 'look for unfinished uploads',
  object: location,
  right: 's3:ListBucketMultipartUploads',
});

const listUploads = async (
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal,
): Promise<MultipartUpload[]> => {
  const found: MultipartUpload[] = [];
  for (let key: string | undefined, id: string | undefined; ; ) {
    const command = new ListMultipartUploadsCommand({
      Bucket: bucket.bucket,
      ...(prefix === '' ? {} : { Prefix: prefix }),
      ...(key ? { KeyMarker: key } : {}),
      ...(id ? { UploadIdMarker: id } : {}),
    });
    const page = await ask(bucket, aboutListing(bucket), signal, (client, options) =>
      client.send(command, options),
    );
    found.push(...(page.Uploads ?? []));
    if (!page.IsTruncated || !page.NextKeyMarker) return found;
    [key, id] = [page.NextKeyMarker, page.NextUploadIdMarker];
  }
};

/** When the last part arrived, in milliseconds; 0 where there is none or these credentials may not ask. */
const lastPart = async (
  bucket: Bucket,
  key: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<number> => {
  const about = { ...aboutListing(bucket), right: 's3:ListMultipartUploadParts' };
  const parts = await listParts(bucket, key, uploadId, about, signal).catch((error: unknown) => {
    if (statusOf(error) === 403 || codeOf(error) === 'NoSuchUpload') return [];
    throw error;
  });
  return parts.reduce((latest, { LastModified }) => Math.max(latest, LastModified?.getTime() ?? 0), 0);
};

const abort = async (bucket: Bucket, key: string, uploadId: string, signal: AbortSignal): Promise<void> => {
  const about = {
    operation: 'remove an unfinished upload',
    object: `${bucket.location}`,
    right: 's3:AbortMultipartUpload',
  };
  const command = new AbortMultipartUploadCommand({ Bucket: bucket.bucket, Key: key, UploadId: uploadId });
  try {
    await ask(bucket, about, signal, (client, options) => client.send(command, options));
  } catch (error) {
    // Ended or removed by somebody else meanwhile.
    if (codeOf(error) !== 'NoSuchUpload') throw error;
  }
};
