/** An object in parts: nobody sees it before the last request, and every failure before takes the parts away. */
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { SnapbackError } from '../errors.ts';
import { ask, type Bucket } from './s3-client.ts';
import { codeOf } from './s3-error.ts';
import { plainTag } from './s3-look.ts';
import { contentMD5, customerKey, isEncrypted, newObject, notEncrypted } from './s3-object.ts';
import type { Part } from './s3-parts.ts';
import { compareParts, type SentPart } from './s3-sent-parts.ts';
import { settle, unlessThere } from './s3-settle.ts';
import { type Target, tidyLimit } from './s3-target.ts';

type Upload = { id: string; sent: SentPart[]; encrypted: boolean };

/**
 * Writes `first` and what comes after it. Settles only when no request is under way any more and, where it failed,
 * the upload is aborted. Throws `refused` for a name that is taken, `store`, the body's own error, or the signal's reason.
 */
export const putParts = async (
  bucket: Bucket,
  target: Target,
  first: Part,
  rest: AsyncGenerator<Part, void>,
  signal: AbortSignal,
): Promise<{ size: number }> => {
  const upload = await begin(bucket, target, signal);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const underWay = new Set<Promise<void>>();
  try {
    for (let part: Part | undefined = first, number = 1; part; number += 1) {
      const sending = sendPart(bucket, target, upload, number, part, both);
      underWay.add(sending);
      sending.then(() => underWay.delete(sending), reject);
      // A part that fails must not wait for a body that has nothing to give.
      part = part.last ? undefined : ((await Promise.race([rest.next(), failed])).value ?? undefined);
    }
    await Promise.all(underWay);
    signal.throwIfAborted();
    await finish(bucket, target, upload, signal);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(underWay);
    await abort(bucket, target, upload);
    throw error;
  }
  return { size: sizeOf(upload) };
};

const begin = async (bucket: Bucket, target: Target, signal: AbortSignal): Promise<Upload> => {
  const command = new CreateMultipartUploadCommand({
    Bucket: bucket.bucket,
    Key: target.key,
    ...newObject(bucket, target, new Date()),
  });
  const answer = await ask(bucket, target.about, signal, (client, options) => client.send(command, options));
  if (!answer.UploadId) throw wrongAnswer(target, 'gave no id for an upload in parts');
  return { id: answer.UploadId, sent: [], encrypted: isEncrypted(bucket, answer) };
};

const sendPart = async (
  bucket: Bucket,
  target: Target,
  upload: Upload,
  number: number,
  { bytes, release }: Part,
  signal: AbortSignal,
): Promise<void> => {
  const command = new UploadPartCommand({
    Bucket: bucket.bucket,
    Key: target.key,
    UploadId: upload.id,
    PartNumber: number,
    Body: bytes,
    ContentLength: bytes.byteLength,
    ...contentMD5(bucket, bytes),
    ...customerKey(bucket.settings),
  });
  const answer = await ask(bucket, target.about, signal, (client, options) => client.send(command, options));
  if (!answer.ETag) throw wrongAnswer(target, `gave no ETag for part ${number}`);
  upload.encrypted ||= isEncrypted(bucket, answer);
  upload.sent[number - 1] = {
    number,
    size: bytes.byteLength,
    etag: answer.ETag,
    crc32: answer.ChecksumCRC32 ?? null,
  };
  release();
};

const finish = async (bucket: Bucket, target: Target, upload: Upload, signal: AbortSignal): Promise<void> => {
  if (!upload.encrypted) throw notEncrypted(bucket, '');
  await compareParts(bucket, target, upload, signal);
  const input = {
    Bucket: bucket.bucket,
    Key: target.key,
    UploadId: upload.id,
    MultipartUpload: {
      Parts: upload.sent.map(({ number, etag, crc32 }) => ({
        PartNumber: number,
        ETag: etag,
        ...(crc32 === null ? {} : { ChecksumCRC32: crc32 }),
      })),
    },
    ...customerKey(bucket.settings),
  };
  try {
    await unlessThere(
      bucket,
      target,
      signal,
      condition => (client, options) =>
        client.send(new CompleteMultipartUploadCommand({ ...input, ...condition }), options),
    );
  } catch (error) {
    const etag = () => etagOfParts(upload.sent);
    await settle(bucket, target, { mark: target.mark, size: sizeOf(upload), etag }, error);
  }
};

const abort = async (bucket: Bucket, target: Target, upload: Upload): Promise<void> => {
  const about = { ...target.about, right: 's3:AbortMultipartUpload' };
  const command = new AbortMultipartUploadCommand({
    Bucket: bucket.bucket,
    Key: target.key,
    UploadId: upload.id,
  });
  // The caller's signal may be the reason for it.
  const signal = AbortSignal.timeout(tidyLimit);
  try {
    await ask(bucket, about, signal, (client, options) => client.send(command, options));
  } catch (error) {
    if (codeOf(error) !== 'NoSuchUpload')
      bucket.log.warn(
        `the unfinished upload of ${target.about.object} could not be taken away: prune does that after 24 hours`,
      );
  }
};

const sizeOf = ({ sent }: Upload): number => sent.reduce((sum, part) => sum + part.size, 0);

/** What servers give an object of parts that they do not encrypt: the MD5 of the parts' MD5s, and their number. */
const etagOfParts = (sent: SentPart[]): string => {
  const all = createHash('md5');
  for (const { etag } of sent) all.update(Buffer.from(plainTag(etag), 'hex'));
  return `${all.digest('hex')}-${sent.length}`;
};

const wrongAnswer = ({ about }: Target, reason: string): SnapbackError =>
  new SnapbackError('store', {
    operation: about.operation,
    object: about.object,
    reason: `cannot be written: the server ${reason}`,
    hint: 'Check that an S3 server is at the endpoint.',
  });
