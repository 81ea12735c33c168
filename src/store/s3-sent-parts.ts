/** What the server says that it has of an upload, compared with what was sent. */
import { type Part as ListedPart, ListPartsCommand } from '@aws-sdk/client-s3';
import { SnapbackError } from '../errors.ts';
import { ask, type Bucket } from './s3-client.ts';
import { isNotImplemented, statusOf } from './s3-error.ts';
import { plainTag } from './s3-look.ts';
import type { Target } from './s3-target.ts';

export type SentPart = { number: number; size: number; etag: string; crc32: string | null };

/**
 * Throws `store` where numbers, sizes or ETags differ. Where the credentials may not list parts it is left out: the
 * server compares the ETags once more when it is told to complete the upload, the sizes then nobody.
 */
export const compareParts = async (
  bucket: Bucket,
  target: Target,
  { id, sent }: { id: string; sent: SentPart[] },
  signal: AbortSignal,
): Promise<void> => {
  const about = { ...target.about, right: 's3:ListMultipartUploadParts' };
  const there = await listParts(bucket, target.key, id, about, signal).catch((error: unknown) => {
    if (statusOf(error) !== 403 && !isNotImplemented(error)) throw error;
    return null;
  });
  if (there === null) {
    if (!bucket.lacks.has('listing of parts'))
      bucket.log.info(
        `parts sent to ${bucket.location} cannot be compared: that needs the right ${about.right}`,
      );
    bucket.lacks.add('listing of parts');
    return;
  }
  const same = sent.every(({ number, size, etag }, at) => {
    const part = there[at];
    return part?.PartNumber === number && part.Size === size && plainTag(part.ETag) === plainTag(etag);
  });
  if (same && there.length === sent.length) return;
  throw new SnapbackError('store', {
    operation: about.operation,
    object: about.object,
    reason: `was not written: the server has other parts than those that were sent (${there.length} of ${sent.length})`,
    hint: 'Try again; if it happens once more, look at what is between here and the server.',
  });
};

/** All parts of an upload that have arrived, in order. */
export const listParts = async (
  bucket: Bucket,
  key: string,
  uploadId: string,
  about: Parameters<typeof ask>[1],
  signal: AbortSignal,
): Promise<ListedPart[]> => {
  const parts: ListedPart[] = [];
  for (let marker: string | undefined; ; ) {
    const command = new ListPartsCommand({
      Bucket: bucket.bucket,
      Key: key,
      UploadId: uploadId,
      ...(marker === undefined ? {} : { PartNumberMarker: marker }),
    });
    const answer = await ask(bucket, about, signal, (client, options) => client.send(command, options));
    parts.push(...(answer.Parts ?? []));
    if (!answer.IsTruncated || !answer.NextPartNumberMarker || answer.NextPartNumberMarker === marker)
      return parts;
    marker = answer.NextPartNumberMarker;
  }
};
