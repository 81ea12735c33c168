/** What to believe after a request failed that makes an object: it may have done so all the same. */
import { SnapbackError } from '../errors.ts';
import { ask, type Bucket } from './s3-client.ts';
import { isNotImplemented, statusOf } from './s3-error.ts';
import { findObject, type Seen, type Sent, whose } from './s3-look.ts';
import { type Target, taken, tidyLimit } from './s3-target.ts';

/**
 * What was seen of the object where it is there and this writer's own, null where nothing but its ETag was: a 412 or 404 to a request that was sent again after a lost
 * answer says nothing else. Throws `refused` where it is another's for certain, `store` where there is one and whose it
 * is cannot be told, else `error`.
 */
export const settle = async (
  bucket: Bucket,
  target: Target,
  sent: Sent,
  error: unknown,
): Promise<Seen | null> => {
  const status = statusOf(error);
  const unclear = status === null || status >= 500 || status === 404;
  if (!unclear && status !== 412 && status !== 409) throw error;
  // The caller's signal may be the very reason.
  const signal = AbortSignal.timeout(tidyLimit);
  const owner = await whose(bucket, target.key, sent, { signal }).catch(() => null);
  if (owner?.is === 'mine') return owner.seen;
  if (unclear) throw error;
  if (owner?.is === 'another') throw taken(target);
  throw owner?.is === 'unknown' || (owner === null && status === 412) ? untold(target, error) : error;
};

const untold = ({ about }: Target, cause: unknown): SnapbackError =>
  new SnapbackError('store', {
    operation: about.operation,
    object: about.object,
    reason: 'is there, but whether this run or another one wrote it cannot be told without looking at it',
    hint: 'An answer of the server was lost, or two runs wrote one name at one moment. `snapback list` shows what is there; try again, and with the right s3:GetObject on it a run can tell by itself.',
    cause,
  });

/**
 * `If-None-Match: *`, and without it where the server says that it does not know it (told once), or refuses although
 * nothing is there, as versitygw does where a removed object left a marker: then the look before the writing is all
 * that keeps two writers of one name apart.
 */
export const unlessThere = async <T>(
  bucket: Bucket,
  target: Target,
  signal: AbortSignal,
  send: (condition: { IfNoneMatch?: string }) => Parameters<typeof ask<T>>[3],
): Promise<T> => {
  const unconditionally = () => ask(bucket, target.about, signal, send({}));
  if (bucket.lacks.has('conditional writes')) return unconditionally();
  try {
    return await ask(bucket, target.about, signal, send({ IfNoneMatch: '*' }));
  } catch (error) {
    if (isNotImplemented(error)) {
      bucket.lacks.add('conditional writes');
      bucket.log.warn(
        `${bucket.location} knows no conditional writes: two runs that write one name at one moment are not kept apart`,
      );
      return unconditionally();
    }
    if (statusOf(error) !== 412 || (await findObject(bucket, target.key, { signal }))) throw error;
    return unconditionally();
  }
};
