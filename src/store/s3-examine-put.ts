/** Whether an object can be written, once and not over another; with which settings where not with those that were given. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isSnapbackError, type SnapbackError } from '../errors.ts';
import { type Finding, failedBy, passed, type Step, warned } from './examination.ts';
import { sampleText } from './examine-object.ts';
import { ask } from './s3-client.ts';
import { codeOf, isNotImplemented, statusOf } from './s3-error.ts';
import type { Examination } from './s3-examination.ts';
import { lookAtRemoval } from './s3-examine-delete.ts';
import { lookAtLocks } from './s3-examine-lock.ts';
import { usedBy } from './s3-examine-reach.ts';
import { flagsOf, mendsOf, mendsOfWrite, optionsOf } from './s3-mend.ts';
import { contentMD5, newObject } from './s3-object.ts';
import type { S3Settings } from './s3-settings.ts';
import { newTarget } from './s3-target.ts';

/** `put`; looks first what may be removed again, and whether the bucket locks on its own. */
export const putStep = (on: Examination): Step => ({
  name: 'put',
  needs: ['reached'],
  run: async () => {
    await lookAtLocks(on);
    await lookAtRemoval(on);
    const error = await put(on);
    if (error === null) return passed('written whole');
    if (on.lock.byDefault !== null && statusOf(error) === 403) return lockedForDays(on.lock.byDefault);
    return withOthers(on, error);
  },
});

const lockedForDays = (byDefault: string): Finding => ({
  ...warned(
    `nothing was written: the bucket locks it on its own (${byDefault}), and these credentials may not lock it for less`,
    'Examine it with credentials that also have s3:PutObjectRetention.',
  ),
  usable: false,
});

/**
 * Checksums of the other kind, or what would mend a listing: some servers answer one wherever it is asked for. Then
 * without the encryption, which has a check of its own.
 */
const withOthers = async (on: Examination, error: SnapbackError): Promise<Finding> => {
  const { settings } = on.bucket;
  const checksums =
    (await on.bucket.client.config.requestChecksumCalculation()) === 'WHEN_REQUIRED'
      ? 'when_required'
      : 'when_supported';
  for (const mend of [...mendsOfWrite(error, checksums), ...mendsOf(error, await usedBy(on.bucket))])
    if ((await putWith(on, { ...settings, ...mend })) === null)
      return {
        ...failedBy(error),
        hint: `It can be written with ${flagsOf(mend, on.bucket.written)}.`,
        mends: optionsOf(mend),
        usable: true,
      };
  if (settings.encryption !== null && (await putWith(on, { ...settings, encryption: null })) === null) {
    on.encryptionTrouble = error;
    return passed('written whole, without the encryption that was asked for');
  }
  await on.use(settings);
  const finding = failedBy(error);
  if (codeOf(error) !== 'AccessDenied') return finding;
  const byName = 'Where a policy names what may be written, docs/s3-policies/doctor.json allows this trial.';
  return { ...finding, hint: `${finding.hint ?? ''} ${byName}`.trim() };
};

const putWith = async (on: Examination, settings: S3Settings): Promise<SnapbackError | null> => {
  await on.use(settings);
  return put(on);
};

const put = async ({ store, base, signal }: Examination): Promise<SnapbackError | null> => {
  try {
    await store.put(`${base}.put`, sampleText, { signal });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (isSnapbackError(error)) return error;
    throw error;
  }
};

/** `write once`: the condition alone, without the look that the store takes before. */
export const writeOnceStep = (on: Examination): Step => ({
  name: 'write once',
  needs: ['put'],
  run: async () => {
    const { bucket, base, signal } = on;
    const target = newTarget(bucket, `${base}.put`, bucket.settings.objectLock !== null);
    const command = new PutObjectCommand({
      Bucket: bucket.bucket,
      Key: target.key,
      Body: sampleText,
      IfNoneMatch: '*',
      ...newObject(bucket, target, new Date()),
      ...contentMD5(bucket, sampleText),
    });
    const hint = 'Let no two runs of save write one cluster into this bucket at the same time.';
    try {
      await ask(bucket, target.about, signal, (client, options) => client.send(command, options));
    } catch (error) {
      if ([409, 412].includes(statusOf(error) ?? 0)) return passed('conditional writes: yes');
      if (!isNotImplemented(error)) throw error;
      return warned('conditional writes: no; two writers of one name at one moment are not kept apart', hint);
    }
    return warned('conditional writes: taken, and what is there is written over all the same', hint);
  },
});
