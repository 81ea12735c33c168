/** An object that is about to be written. */
import { randomBytes } from 'node:crypto';
import { SnapbackError } from '../errors.ts';
import { type Bucket, keyOf } from './s3-client.ts';
import type { About } from './s3-error.ts';

export type Target = {
  key: string;
  about: About;
  /** By which its writer knows it again. */
  mark: string;
  /** The lock of the settings is set on it. */
  locked: boolean;
};

/** How long tidying up may take, also after an abort: the process must be gone 5 s after it was told to end. */
export const tidyLimit = 4_000;

export const newTarget = (bucket: Bucket, name: string, locked: boolean): Target => ({
  key: keyOf(bucket, name),
  about: {
    operation: 'write to the store',
    object: `${bucket.location}/${name}`,
    right: rightToWrite(bucket, locked),
  },
  mark: randomBytes(12).toString('hex'),
  locked,
});

/** What goes with an object asks for rights of its own, and not every server says which of them it misses. */
const rightToWrite = ({ settings }: Bucket, locked: boolean): string => {
  const lockRight =
    settings.objectLock?.mode === 'legal-hold' ? 's3:PutObjectLegalHold' : 's3:PutObjectRetention';
  const more = [
    ...(locked ? [`${lockRight} for its lock`] : []),
    ...(Object.keys(settings.tags).length > 0 ? ['s3:PutObjectTagging for its tags'] : []),
  ];
  return more.length === 0 ? 's3:PutObject' : `s3:PutObject (and ${more.join(', ')})`;
};

/** The error for a name that is there already. */
export const taken = ({ about }: Target): SnapbackError =>
  new SnapbackError('refused', {
    operation: about.operation,
    object: about.object,
    reason:
      'is already there, or is being written by another run, and nothing in a store is ever overwritten',
    hint: 'What is there was left as it is.',
  });
