/** Reads an object; a download that breaks goes on where it was, and never ends before the object does. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { SnapbackError } from '../errors.ts';
import { splitName } from './name.ts';
import { ask, type Bucket, keyOf } from './s3-client.ts';
import { type About, codeOf, notThere, statusOf } from './s3-error.ts';
import { findObject } from './s3-look.ts';
import { customerKey } from './s3-object.ts';
import type { GetOptions } from './store.ts';

/** How often a download is taken up again without a byte in between. */
const mostTries = 5;

/** See the contract. Throws `integrity` in the middle where the object was exchanged while it was read. */
export const get = async (
  bucket: Bucket,
  name: string,
  { signal, offset = 0 }: GetOptions,
): Promise<Readable> => {
  signal.throwIfAborted();
  splitName(name, 'read from the store');
  const about = {
    operation: 'read from the store',
    object: `${bucket.location}/${name}`,
    right: 's3:GetObject',
  };
  const source = { bucket, key: keyOf(bucket, name), about };
  try {
    return whole(source, await open(source, offset, null, signal), offset, signal);
  } catch (error) {
    if (statusOf(error) === 416) return Readable.from([]);
    if (statusOf(error) === 403 && (await isMissing(source, signal))) throw notThere(about, error);
    throw error;
  }
};

/**
 * AWS says of an object that is not there that it may not be read, unless the whole bucket may be listed; whoever may
 * list below the prefix can ask there.
 */
const isMissing = async ({ bucket, key }: Source, signal: AbortSignal): Promise<boolean> => {
  try {
    return (await findObject(bucket, key, { signal })) === null;
  } catch {
    signal.throwIfAborted();
    return false;
  }
};

type Source = { bucket: Bucket; key: string; about: About };
type Opened = { body: Readable; size: number; etag: string | null };

const open = async (
  { bucket, key, about }: Source,
  offset: number,
  etag: string | null,
  signal: AbortSignal,
): Promise<Opened> => {
  const command = new GetObjectCommand({
    Bucket: bucket.bucket,
    Key: key,
    ...(offset > 0 ? { Range: `bytes=${offset}-` } : {}),
    ...(etag === null ? {} : { IfMatch: etag }),
    ...customerKey(bucket.settings),
  });
  const answer = await ask(bucket, about, signal, (client, options) => client.send(command, options));
  const total = offset > 0 ? /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] : answer.ContentLength;
  const body = answer.Body as Readable;
  // Nobody may be reading yet when it breaks.
  body.on('error', () => {});
  if (total !== undefined) return { body, size: Number(total), etag: answer.ETag ?? null };
  body.destroy();
  throw new SnapbackError('store', {
    operation: about.operation,
    object: about.object,
    reason: offset > 0 ? 'cannot be read from its middle: the server knows no ranges' : 'came without a size',
    hint: 'Check that an S3 server is at the endpoint.',
  });
};

const whole = (source: Source, first: Opened, offset: number, signal: AbortSignal): Readable => {
  const { size, etag } = first;
  const closed = new AbortController();
  const either = AbortSignal.any([signal, closed.signal]);
  let body = first.body;
  let chunks = body[Symbol.asyncIterator]();
  let at = offset;
  /** The next bytes; null at the end, which is known by the size alone. */
  const next = async (): Promise<Buffer | null> => {
    for (let tries = 1; ; tries += 1) {
      let cause: unknown;
      const value = await chunks.next().then(
        one => (one.done ? null : (one.value as Buffer)),
        (error: unknown) => {
          cause = error;
          return null;
        },
      );
      if (value) {
        at += value.length;
        return value;
      }
      if (at === size) return null;
      if (tries > mostTries) throw brokenOff(source.about, at, size, cause);
      await sleep(100 * 2 ** tries, undefined, { signal: either });
      body = (await again(source, at, etag, either)).body;
      chunks = body[Symbol.asyncIterator]();
    }
  };
  const stream = new Readable({
    read: () => {
      next().then(
        chunk => stream.push(chunk),
        error => stream.destroy(error),
      );
    },
    destroy: (error, done) => {
      signal.removeEventListener('abort', abort);
      closed.abort();
      body.destroy();
      done(error);
    },
  });
  const abort = () => stream.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return stream;
};

const again = async (
  source: Source,
  at: number,
  etag: string | null,
  signal: AbortSignal,
): Promise<Opened> => {
  try {
    return await open(source, at, etag, signal);
  } catch (error) {
    if (statusOf(error) !== 412 && codeOf(error) !== 'NoSuchKey' && statusOf(error) !== 416) throw error;
    throw new SnapbackError('integrity', {
      operation: source.about.operation,
      object: source.about.object,
      reason: 'was exchanged or removed while it was read',
      hint: 'Find out what else writes to this bucket; only snapback should.',
      cause: error,
    });
  }
};

const brokenOff = (about: About, at: number, size: number, cause: unknown): SnapbackError =>
  new SnapbackError('store', {
    operation: about.operation,
    object: about.object,
    reason: `broke off after ${at} of ${size} bytes, also after ${mostTries} more tries`,
    hint: 'The network to the store is bad: try again later.',
    cause,
  });
