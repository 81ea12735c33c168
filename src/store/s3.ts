/** A store in a bucket of an S3 server: an object's key is the prefix, the cluster, the file. */
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Log } from '../log.ts';
import { splitName } from './name.ts';
import { ask, type Bucket, connect, keyOf } from './s3-client.ts';
import { examineBucket } from './s3-examine.ts';
import { get } from './s3-get.ts';
import { clusters, list } from './s3-list.ts';
import { held, hold } from './s3-lock.ts';
import { put } from './s3-put.ts';
import { hasLocks } from './s3-set-up.ts';
import type { S3Settings } from './s3-settings.ts';
import { removeUnfinished } from './s3-unfinished.ts';
import { removeVersion, versions } from './s3-versions.ts';
import type { Store } from './store.ts';

/**
 * The store below a prefix (empty, or without a slash at its ends) of a bucket, which must be there. Nothing is asked
 * yet; dispose of it, or its connections stay open. Throws `usage` for a proxy that this Node cannot use, and for an unknown
 * profile.
 */
export const openS3Store = async (
  place: { bucket: string; prefix: string; location: string },
  settings: S3Settings,
  log: Log,
): Promise<Store> => {
  const prefix = place.prefix === '' ? '' : `${place.prefix}/`;
  const [address = ''] = place.location.split('?');
  const shown = { written: place.location, location: address.replace(/\/$/, '') };
  return storeIn(await connect({ ...place, ...shown, prefix }, settings, log));
};

const storeIn = (bucket: Bucket): Store => ({
  location: bucket.written,
  put: (name, body, options) => put(bucket, name, body, options),
  get: (name, options) => get(bucket, name, options),
  list: (cluster, options) => list(bucket, cluster, options),
  clusters: options => clusters(bucket, options),
  remove: (name, { signal }) => remove(bucket, name, signal),
  removeUnfinished: (cluster, options) => removeUnfinished(bucket, cluster, options),
  now: ({ signal }) => now(bucket, signal),
  held: (name, options) => held(bucket, name, options),
  canHold: ({ signal }) => hasLocks(bucket, signal),
  hold: (name, until, options) => hold(bucket, name, until, options),
  versions: (cluster, options) => versions(bucket, cluster, options),
  removeVersion: (version, options) => removeVersion(bucket, version, options),
  examine: (cluster, options) => examineBucket(bucket, storeIn, cluster, options),
  [Symbol.asyncDispose]: async () => bucket.client.destroy(),
});

/** A bucket that keeps versions hides the object behind a marker and keeps it. */
const remove = async (bucket: Bucket, name: string, signal: AbortSignal): Promise<void> => {
  splitName(name, 'remove from the store');
  const about = {
    operation: 'remove from the store',
    object: `${bucket.location}/${name}`,
    right: 's3:DeleteObject',
  };
  const command = new DeleteObjectCommand({ Bucket: bucket.bucket, Key: keyOf(bucket, name) });
  try {
    await ask(bucket, about, signal, (client, options) => client.send(command, options));
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'not-found') throw error;
  }
};

/** The server's clock by the date of an answer: in whole seconds, and with some servers one second old. */
const now = async (bucket: Bucket, signal: AbortSignal): Promise<Date> => {
  const about = {
    operation: "read the store's clock",
    object: bucket.location,
    right: 's3:ListBucket',
  };
  const command = new ListObjectsV2Command({ Bucket: bucket.bucket, Prefix: bucket.prefix, MaxKeys: 1 });
  let date = Number.NaN;
  command.middlewareStack.add(
    next => async args => {
      const answer = await next(args);
      const { headers } = answer.response as { headers: Record<string, string> };
      date = Date.parse(headers.date ?? '');
      return answer;
    },
    { step: 'deserialize', priority: 'low' },
  );
  await ask(bucket, about, signal, (client, options) => client.send(command, options));
  if (!Number.isNaN(date)) return new Date(date);
  throw new SnapbackError('store', {
    operation: about.operation,
    object: about.object,
    reason: 'answers without a date',
    hint: 'Look at what is between here and the server.',
  });
};
