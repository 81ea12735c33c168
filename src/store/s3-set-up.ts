/** How a bucket was set up by whoever made it: what it can do for a store is asked for once. */
import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import { ask, type Bucket } from './s3-client.ts';
import { type About, codeOf, isNotImplemented, statusOf } from './s3-error.ts';

/**
 * Whether objects of the bucket can be locked, asked for once. True as well where these credentials may not ask for
 * it: they may still lock each object, and ask for its lock.
 */
export const hasLocks = (bucket: Bucket, signal: AbortSignal): Promise<boolean> =>
  once(bucket, 'objectLock', aboutLocks(bucket), signal, askForLocks);

/** Whether the bucket keeps old versions, or has kept them until somebody suspended that; asked for once. */
export const keepsVersions = (bucket: Bucket, signal: AbortSignal): Promise<boolean> =>
  once(bucket, 'versions', aboutVersions(bucket), signal, askForVersions);

type Question = (bucket: Bucket, what: About, signal: AbortSignal) => Promise<boolean>;

/** One question also for those who come while it is under way; a failure is told to all of them and forgotten. */
const once = async (
  bucket: Bucket,
  which: keyof Bucket['setUp'],
  what: About,
  signal: AbortSignal,
  question: Question,
): Promise<boolean> => {
  signal.throwIfAborted();
  bucket.setUp[which] ??= { answer: question(bucket, what, signal), signal };
  const asked = bucket.setUp[which];
  try {
    return await ask(bucket, what, signal, () => asked.answer);
  } catch (error) {
    if (bucket.setUp[which] === asked) bucket.setUp[which] = null;
    // Whoever asked for all may have been told to stop, and so has no answer for the others.
    if (asked.signal.aborted && !signal.aborted) return once(bucket, which, what, signal, question);
    throw error;
  }
};

/** The error for what is to be locked in a bucket that cannot lock. */
export const unlockable = (
  code: 'store' | 'refused',
  { operation, object }: Pick<About, 'operation' | 'object'>,
): SnapbackError =>
  new SnapbackError(code, {
    operation,
    object,
    reason: 'cannot be locked: the bucket has no object lock',
    hint: 'Object lock is switched on when a bucket is made (`aws s3api create-bucket --object-lock-enabled-for-bucket`, `mc mb --with-lock`), at AWS also later; or leave --s3-object-lock out.',
  });

const aboutLocks = ({ location }: Bucket): About => ({
  operation: 'ask for object lock',
  object: location,
  right: 's3:GetBucketObjectLockConfiguration',
});

const askForLocks: Question = async (bucket, what, signal) => {
  const command = new GetObjectLockConfigurationCommand({ Bucket: bucket.bucket });
  const none = (error: unknown) =>
    (isSnapbackError(error) && error.code === 'not-found') ||
    codeOf(error) === 'ObjectLockConfigurationNotFoundError' ||
    isNotImplemented(error);
  try {
    await ask(bucket, what, signal, (client, options) => client.send(command, options));
    return true;
  } catch (error) {
    if (statusOf(error) === 403) return true;
    if (none(error)) return false;
    throw error;
  }
};

const aboutVersions = ({ location }: Bucket): About => ({
  operation: 'ask for versions',
  object: location,
  right: 's3:GetBucketVersioning',
});

const askForVersions: Question = async (bucket, what, signal) => {
  const command = new GetBucketVersioningCommand({ Bucket: bucket.bucket });
  try {
    const answer = await ask(bucket, what, signal, (client, options) => client.send(command, options));
    return answer.Status !== undefined;
  } catch (error) {
    if (isNotImplemented(error)) return false;
    throw error;
  }
};
