/** What is in a bucket, asked of the server itself. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';

/** All keys with their sizes. */
export const objectsIn = async (client: S3Client, Bucket: string): Promise<Map<string, number>> => {
  const all = new Map<string, number>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket }))
    for (const { Key = '', Size = 0 } of Contents) all.set(Key, Size);
  return all;
};

/** The keys of uploads that nobody completed or aborted. */
export const uploadsIn = async (client: S3Client, Bucket: string): Promise<string[]> => {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  return Uploads.map(({ Key = '' }) => Key);
};

/**
 * The ids of the snapshots that have a manifest, each of which was compared: its object is there with the size and the
 * SHA-256 that the manifest names. Objects without a manifest are in `orphans`.
 */
export const snapshotsIn = async (
  client: S3Client,
  Bucket: string,
): Promise<{ whole: string[]; half: string[]; orphans: string[] }> => {
  const keys = [...(await objectsIn(client, Bucket)).keys()];
  const read = async (Key: string): Promise<Buffer> =>
    buffer((await client.send(new GetObjectCommand({ Bucket, Key }))).Body as NodeJS.ReadableStream);
  const found = { whole: [] as string[], half: [] as string[], orphans: [] as string[] };
  const manifests = keys.filter(key => /\/\d{8}T\d{6}Z-[0-9a-f]{6}\.json$/.test(key));
  for (const key of manifests) {
    const { id, object } = JSON.parse((await read(key)).toString());
    const bytes = await read(key.replace(/[^/]*$/, object.name)).catch(() => Buffer.alloc(0));
    const hash = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const same = bytes.length === object.size && hash === object.sha256;
    (same ? found.whole : found.half).push(id);
  }
  const hasManifest = (key: string) => manifests.includes(key.replace(/\.db.*$/, '.json'));
  found.orphans = keys.filter(key => key.includes('.db') && !hasManifest(key));
  return found;
};
