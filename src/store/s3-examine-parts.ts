/** Whether objects can be written in parts, and what comes of an upload that is given up. */
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type Finding, failed, notTried, passed, type Step, warned } from './examination.ts';
import { ask, type Bucket } from './s3-client.ts';
import { codeOf, statusOf } from './s3-error.ts';
import type { Examination } from './s3-examination.ts';
import { contentMD5, customerKey, newObject } from './s3-object.ts';
import { partSize } from './s3-parts.ts';
import { listParts } from './s3-sent-parts.ts';
import { newTarget, type Target, tidyLimit } from './s3-target.ts';

/** `multipart`, the way a snapshot is written. */
export const multipartStep = (on: Examination): Step => ({
  name: 'multipart',
  needs: ['put'],
  run: async () => {
    const size = partSize() + 1;
    if (!on.mayDelete) return notTried('these credentials could not remove so large an object again');
    const body = Readable.from([Buffer.alloc(size)], { objectMode: false });
    await on.store.put(`${on.base}.parts`, body, { signal: on.signal, atMost: size });
    if (on.bucket.lacks.has('listing of parts'))
      return warned(
        'written in 2 parts, which could not be compared before they were put together',
        'Give these credentials s3:ListMultipartUploadParts.',
      );
    return passed('written in 2 parts, compared before they were put together');
  },
});

/** `abort`, and the rights that prune needs for what was never finished. */
export const abortStep = (on: Examination): Step => ({
  name: 'abort',
  needs: ['put'],
  run: async () => {
    const { bucket, base, signal } = on;
    const target = newTarget(bucket, `${base}.abort`, bucket.settings.objectLock !== null);
    const id = await begin(bucket, target, signal);
    try {
      await abort(bucket, target, id, signal);
    } catch (error) {
      await abort(bucket, target, id, AbortSignal.timeout(tidyLimit)).catch(() => {});
      if (statusOf(error) !== 403) throw error;
      return warned(
        'an upload that fails may not be taken away: it costs money until a prune may',
        'Give these credentials s3:AbortMultipartUpload.',
      );
    }
    return lookForIt(on, target, id);
  },
});

const lookForIt = async (on: Examination, target: Target, id: string): Promise<Finding> => {
  const { bucket, store, cluster, signal } = on;
  const about = { ...target.about, right: 's3:ListMultipartUploadParts' };
  const left = await listParts(bucket, target.key, id, about, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (codeOf(error) !== 'NoSuchUpload' && statusOf(error) !== 403 && statusOf(error) !== 404) throw error;
    return [];
  });
  if (left.length > 0)
    return failed(
      'the server says that an upload was given up, and still has its parts',
      "Look at the server's own log: such parts cost money.",
    );
  try {
    // None is that old: this asks whether it may be asked.
    await store.removeUnfinished(cluster, { before: new Date(0), signal });
  } catch (error) {
    signal.throwIfAborted();
    if (statusOf(error) !== 403) throw error;
    return warned(
      'an upload that fails leaves nothing; what a kill -9 leaves cannot be looked for by prune',
      'Give these credentials s3:ListBucketMultipartUploads.',
    );
  }
  return passed('an upload that fails leaves nothing');
};

const begin = async (bucket: Bucket, target: Target, signal: AbortSignal): Promise<string> => {
  const object = { Bucket: bucket.bucket, Key: target.key };
  const create = new CreateMultipartUploadCommand({
    ...object,
    ...newObject(bucket, target, new Date()),
  });
  const { UploadId } = await ask(bucket, target.about, signal, (client, options) =>
    client.send(create, options),
  );
  const bytes = Buffer.alloc(1024);
  const part = new UploadPartCommand({
    ...object,
    UploadId,
    PartNumber: 1,
    Body: bytes,
    ...contentMD5(bucket, bytes),
    ...customerKey(bucket.settings),
  });
  try {
    await ask(bucket, target.about, signal, (client, options) => client.send(part, options));
  } catch (error) {
    await abort(bucket, target, UploadId ?? '', AbortSignal.timeout(tidyLimit)).catch(() => {});
    throw error;
  }
  return UploadId ?? '';
};

const abort = async (bucket: Bucket, target: Target, id: string, signal: AbortSignal): Promise<void> => {
  const about = { ...target.about, right: 's3:AbortMultipartUpload' };
  const command = new AbortMultipartUploadCommand({ Bucket: bucket.bucket, Key: target.key, UploadId: id });
  await ask(bucket, about, signal, (client, options) => client.send(command, options));
};
