/** An object in one request. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, PutObjectCommand, type PutObjectCommandOutput } from '@aws-sdk/client-s3';
import { SnapbackError } from '../errors.ts';
import { ask, type Bucket } from './s3-client.ts';
import { statusOf } from './s3-error.ts';
import { contentMD5, isEncrypted, newObject, notEncrypted } from './s3-object.ts';
import { settle, unlessThere } from './s3-settle.ts';
import { type Target, tidyLimit } from './s3-target.ts';

/** Throws `refused` for a name that is taken, `store`, or the signal's reason; then nothing of it is there. */
export const putWhole = async (
  bucket: Bucket,
  target: Target,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<{ size: number }> => {
  const size = bytes.byteLength;
  const etag = () => createHash('md5').update(bytes).digest('hex');
  const answer = await send(bucket, target, bytes, signal).catch((error: unknown) =>
    settle(bucket, target, { mark: target.mark, size, etag }, error),
  );
  if (isEncrypted(bucket, answer ?? {})) return { size };
  if (answer === null) throw unseen(target);
  throw notEncrypted(bucket, await takeBack(bucket, target, answer.VersionId));
};

/** The error for an object that is ours, whose answer was lost, and which these credentials may not look at. */
const unseen = ({ about }: Target): SnapbackError =>
  new SnapbackError('store', {
    operation: about.operation,
    object: about.object,
    reason: 'is there, but whether the server encrypted it cannot be told: its answer was lost',
    hint: 'Try again. With the right s3:GetObject on it a run looks for itself.',
  });

const send = async (
  bucket: Bucket,
  target: Target,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<PutObjectCommandOutput> => {
  const input = {
    Bucket: bucket.bucket,
    Key: target.key,
    Body: bytes,
    ContentLength: bytes.byteLength,
    ...newObject(bucket, target, new Date()),
    ...contentMD5(bucket, bytes),
  };
  for (let attempt = 1; ; attempt += 1)
    try {
      return await unlessThere(
        bucket,
        target,
        signal,
        condition => (client, options) =>
          client.send(new PutObjectCommand({ ...input, ...condition }), options),
      );
    } catch (error) {
      // Another writer of this name is at it at this moment: what comes of that is known a little later.
      if (statusOf(error) !== 409 || attempt === 5) throw error;
      await sleep(100 * 2 ** attempt, undefined, { signal });
    }
};

/** Removes what should not be there, for good where the bucket keeps versions; the words for where it cannot. */
const takeBack = async (bucket: Bucket, target: Target, version: string | undefined): Promise<string> => {
  const about = { ...target.about, right: 's3:DeleteObject' };
  const signal = AbortSignal.timeout(tidyLimit);
  const command = new DeleteObjectCommand({
    Bucket: bucket.bucket,
    Key: target.key,
    ...(version === undefined || version === 'null' ? {} : { VersionId: version }),
  });
  try {
    await ask(bucket, about, signal, (client, options) => client.send(command, options));
    return '';
  } catch {
    return `; ${target.about.object} is there unencrypted and could not be removed`;
  }
};
