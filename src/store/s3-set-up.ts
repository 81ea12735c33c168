/** How a bucket was set up by whoever made it: what it can do for a store is asked for once. */
import { GetBucketVersioningCommand, GetObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import { ask, type Bucket } from './s3-client.ts';
import { type About, codeOf, isNotImplemented, statusOf } from './s3-error.ts';

/**
 * Whether objects of the bucket can be locked, asked for once. True as well where these credentials may not ask for
 * it: they may still lock each object, and ask for its lock.
 */
export const hasLocks = async (bucket: Bucket, signal: AbortSignal): Promise<boolean> => {
  bucket.setUp.objectLock ??= await askForLocks(bucket, signal);
  return bucket.setUp.objectLock;
};

/** Whether the bucket keeps old versions, or has kept them until somebody suspended that; asked for once. */
export const keepsVersions = async (bucket: Bucket, signal: AbortSignal): Promise<boolean> => {
  const what = {
    operation: 'ask for versions',
    object: bucket.location,
    right: 's3:GetBucketVersioning',
  };
  const command = new GetBucketVersioningCommand({ Bucket: bucket.bucket });
  if (bucket.setUp.versions !== null) return bucket.setUp.versions;
  const answer = await ask(bucket, what, signal, (client, options) => client.send(command, options)).catch(
    (error: unknown) => {
      if (isNotImplemented(error)) return null;
      throw error;
    },
  );
  const keeps = answer?.Status !== undefined;
  bucket.setUp.versions = keeps;
  return keeps;
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

const askForLocks = async (bucket: Bucket, signal: AbortSignal): Promise<boolean> => {
  const command = new GetObjectLockConfigurationCommand({ Bucket: bucket.bucket });
  const what = {
    operation: 'ask for object lock',
    object: bucket.location,
    right: 's3:GetBucketObjectLockConfiguration',
  };
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
