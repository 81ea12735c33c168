/** Object lock: what the server itself keeps from being removed, whoever asks. */
import {
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import { isSnapbackError } from '../errors.ts';
import { splitName } from './name.ts';
import { ask, type Bucket, keyOf } from './s3-client.ts';
import { codeOf, isNotImplemented } from './s3-error.ts';
import { hasLocks, unlockable } from './s3-set-up.ts';
import type { Held } from './store.ts';

type Options = { signal: AbortSignal };

/** See the contract. Where the bucket has no object lock that is asked for once, and nothing is held. */
export const held = async (
  bucket: Bucket,
  name: string,
  { signal, version }: Options & { version?: string | undefined },
): Promise<Held | null> => {
  splitName(name, 'ask for the lock');
  if (!(await hasLocks(bucket, signal))) return null;
  const object = { Bucket: bucket.bucket, Key: keyOf(bucket, name), ...ofVersion(version) };
  const legal = await unlessNone(
    ask(bucket, about(bucket, name, 's3:GetObjectLegalHold'), signal, (client, options) =>
      client.send(new GetObjectLegalHoldCommand(object), options),
    ),
  );
  if (legal?.LegalHold?.Status === 'ON') return { until: null, by: 'legal hold' };
  const retention = await retentionOf(bucket, name, { signal, version });
  if (!retention || retention.until <= new Date()) return null;
  return toHeld(retention);
};

/** See the contract. The mode stays as it is; an object without one gets the mode of the settings, else governance. */
export const hold = async (bucket: Bucket, name: string, until: Date, { signal }: Options): Promise<Held> => {
  const operation = 'lengthen the lock';
  splitName(name, operation);
  const what = { ...about(bucket, name, 's3:PutObjectRetention'), operation };
  if (!(await hasLocks(bucket, signal))) throw unlockable('refused', what);
  const now = await retentionOf(bucket, name, { signal });
  if (now && now.until >= until) return toHeld(now);
  const wanted = bucket.settings.objectLock?.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
  const mode = now?.mode ?? wanted;
  const command = new PutObjectRetentionCommand({
    Bucket: bucket.bucket,
    Key: keyOf(bucket, name),
    Retention: { Mode: mode, RetainUntilDate: until },
  });
  await ask(bucket, what, signal, (client, options) => client.send(command, options));
  return toHeld({ mode, until });
};

type Retention = { mode: 'GOVERNANCE' | 'COMPLIANCE'; until: Date };

const toHeld = ({ mode, until }: Retention): Held => ({ until, by: `object lock, ${mode.toLowerCase()}` });

const retentionOf = async (
  bucket: Bucket,
  name: string,
  { signal, version }: Options & { version?: string | undefined },
): Promise<Retention | null> => {
  const object = { Bucket: bucket.bucket, Key: keyOf(bucket, name), ...ofVersion(version) };
  const command = new GetObjectRetentionCommand(object);
  const answer = await unlessNone(
    ask(bucket, about(bucket, name, 's3:GetObjectRetention'), signal, (client, options) =>
      client.send(command, options),
    ),
  );
  const { Mode, RetainUntilDate } = answer?.Retention ?? {};
  return Mode && RetainUntilDate ? { mode: Mode, until: RetainUntilDate } : null;
};

const ofVersion = (version: string | undefined) => (version === undefined ? {} : { VersionId: version });

const about = ({ location }: Bucket, name: string, right: string) => ({
  operation: 'ask for the lock',
  object: `${location}/${name}`,
  right,
});

/** An object without a lock, or that is not there, is an error to most servers. */
const unlessNone = async <T>(asked: Promise<T>): Promise<T | null> => {
  try {
    return await asked;
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'not-found') return null;
    if (noLock.includes(codeOf(error)) || isNotImplemented(error)) return null;
    throw error;
  }
};

const noLock = [
  'NoSuchObjectLockConfiguration',
  'ObjectLockConfigurationNotFoundError',
  'InvalidRequest',
  'NoSuchKey',
  'NoSuchVersion',
];
