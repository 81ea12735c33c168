/** Whether an object is there, and whether it is the one that this writer has just sent. */
import { HeadObjectCommand, type HeadObjectCommandOutput, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isSnapbackError } from '../errors.ts';
import { ask, type Bucket } from './s3-client.ts';
import { statusOf } from './s3-error.ts';
import { customerKey, markName } from './s3-object.ts';

type Found = { size: number; etag: string };

/**
 * The object with exactly this key, null where there is none. By a listing, not by HEAD: whoever may only write and
 * list is refused by HEAD, and its refusals do not say why.
 */
export const findObject = async (
  bucket: Bucket,
  key: string,
  { signal }: { signal: AbortSignal },
): Promise<Found | null> => {
  const about = { operation: 'list the store', object: bucket.location, right: 's3:ListBucket' };
  // Keys come in order, so an object comes before all whose names begin with its own.
  const command = new ListObjectsV2Command({ Bucket: bucket.bucket, Prefix: key, MaxKeys: 1 });
  const { Contents = [] } = await ask(bucket, about, signal, (client, options) =>
    client.send(command, options),
  );
  const [first] = Contents;
  return first?.Key === key ? { size: first.Size ?? 0, etag: plainTag(first.ETag) } : null;
};

/** What a writer sent: its mark, the size, and the ETag that this makes where the server does not encrypt. */
export type Sent = { mark: string; size: number; etag(): string };

/** An object as HEAD tells of it, as far as the answer to its writing tells it too. */
export type Seen = Pick<
  HeadObjectCommandOutput,
  'ServerSideEncryption' | 'SSECustomerAlgorithm' | 'VersionId'
>;

/** Whose an object is; with one of ours what HEAD said of it, null where it was known by its ETag alone. */
export type Owner = { is: 'mine'; seen: Seen | null } | { is: 'another' | 'nobody' | 'unknown' };

/**
 * Whose the object of a key is, after an answer was lost or said that there is one already. `unknown` where it may not
 * be looked at and has our size, but another ETag: servers that encrypt make theirs of something else.
 */
export const whose = async (
  bucket: Bucket,
  key: string,
  sent: Sent,
  { signal }: { signal: AbortSignal },
): Promise<Owner> => {
  const about = { operation: 'look at an object', object: bucket.location, right: 's3:GetObject' };
  const command = new HeadObjectCommand({
    Bucket: bucket.bucket,
    Key: key,
    ...customerKey(bucket.settings),
  });
  try {
    const head = await ask(bucket, about, signal, (client, options) => client.send(command, options));
    return head.Metadata?.[markName] === sent.mark ? { is: 'mine', seen: head } : { is: 'another' };
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'not-found') return { is: 'nobody' };
    if (statusOf(error) !== 403 && statusOf(error) !== 400) throw error;
  }
  // Whoever may not look still may list, and an ETag is mostly made of the content.
  const found = await findObject(bucket, key, { signal });
  if (!found) return { is: 'nobody' };
  if (found.size !== sent.size) return { is: 'another' };
  return found.etag === sent.etag() ? { is: 'mine', seen: null } : { is: 'unknown' };
};

/** An ETag without its quotes. */
export const plainTag = (tag: string | undefined): string => (tag ?? '').replaceAll('"', '');
