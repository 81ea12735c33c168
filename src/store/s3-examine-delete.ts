/** Removes what the examination wrote: for good, also where the bucket keeps versions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { failed, passed, type Step, warned } from './examination.ts';
import { listedOnes } from './examine-object.ts';
import { ask, type Bucket, keyOf } from './s3-client.ts';
import { isNotImplemented, statusOf } from './s3-error.ts';
import { briefly, type Examination } from './s3-examination.ts';
import { tidyLimit } from './s3-target.ts';

/**
 * Finds out whether a removal is refused, by removing what is not there: so that nothing large is written that must be
 * left behind.
 */
export const lookAtRemoval = async (on: Examination): Promise<void> => {
  const { bucket, base, signal } = on;
  const about = { operation: 'remove', object: bucket.location, right: 's3:DeleteObject' };
  const command = new DeleteObjectCommand({ Bucket: bucket.bucket, Key: keyOf(bucket, `${base}.none`) });
  try {
    const answer = await ask(bucket, about, signal, (client, options) => client.send(command, options));
    on.keepsVersions = answer.DeleteMarker === true;
  } catch (error) {
    signal.throwIfAborted();
    on.mayDelete = statusOf(error) !== 403;
  }
};

/** `delete` of all that was written, seen by what is listed afterwards. */
export const deleteStep = (on: Examination): Step => ({
  name: 'delete',
  needs: ['put'],
  run: async () => {
    const { store, signal, lock } = on;
    const written = await listed(on, signal);
    if (!on.mayDelete)
      return warned(
        `these credentials may not, so ${written.join(', ')} stays; prune and remove cannot work without it`,
        'Where they are to work, give s3:DeleteObject; a later doctor that may removes what stays.',
      );
    if (lock.byDefault !== null) await sleep(briefly + 1_000, undefined, { signal });
    for (const name of written) await store.remove(name, { signal });
    const left = await listed(on, signal);
    if (left.length > 0) return failed(`${left.join(', ')} was removed and is still listed`, null);
    const versions = await removeVersions(on, signal);
    if (versions === 'removed') return passed('what was written is gone');
    return warned(
      'what was written is hidden, and the bucket keeps it as old versions, which these credentials may not remove',
      'Give s3:ListBucketVersions and s3:DeleteObjectVersion, or let a lifecycle rule end old versions.',
    );
  },
});

/** For an examination that ended before: what is there, within the time that tidying may take. */
export const removeAll = async (on: Examination): Promise<void> => {
  const signal = AbortSignal.timeout(tidyLimit);
  for (const name of await listed(on, signal)) await on.store.remove(name, { signal });
  await removeVersions(on, signal);
};

const listed = ({ store, cluster, base }: Examination, signal: AbortSignal): Promise<string[]> =>
  listedOnes(store, cluster, base.slice(cluster.length + 1), signal);

const removeVersions = async (
  { bucket, base, keepsVersions, lock }: Examination,
  signal: AbortSignal,
): Promise<'removed' | 'kept'> => {
  const about = {
    operation: 'remove old versions',
    object: `${bucket.location}/${base}`,
    right: 's3:DeleteObjectVersion',
  };
  try {
    for (const { key, id } of await versionsOf(bucket, keyOf(bucket, base), signal)) {
      const command = new DeleteObjectCommand({ Bucket: bucket.bucket, Key: key, VersionId: id });
      await ask(bucket, about, signal, (client, options) => client.send(command, options));
    }
    return 'removed';
  } catch (error) {
    if (isNotImplemented(error)) return 'removed';
    // A bucket that keeps no versions has nothing to hide, whoever may list them.
    if (statusOf(error) === 403) return keepsVersions || lock.on ? 'kept' : 'removed';
    throw error;
  }
};

/** What is kept of keys that begin with `start`: old versions and the markers of removals, newest first. */
export const versionsOf = async (
  bucket: Bucket,
  start: string,
  signal: AbortSignal,
): Promise<{ key: string; id: string }[]> => {
  const about = { operation: 'list old versions', object: bucket.location, right: 's3:ListBucketVersions' };
  // A few objects of one examination: one page has them all.
  const command = new ListObjectVersionsCommand({ Bucket: bucket.bucket, Prefix: start });
  const { Versions = [], DeleteMarkers = [] } = await ask(bucket, about, signal, (client, options) =>
    client.send(command, options),
  );
  return [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
    Key !== undefined && VersionId !== undefined && VersionId !== 'null' ? [{ key: Key, id: VersionId }] : [],
  );
};
