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
    right: locked ? `s3:PutObject (and ${lockRight(bucket)} for its lock)` : 's3:PutObject',
  },
  mark: randomBytes(12).toString('hex'),
  locked,
});

const lockRight = ({ settings }: Bucket): string =>
  settings.objectLock?.mode === 'legal-hold' ? 's3:PutObjectLegalHold' : 's3:PutObjectRetention';

/** The error for a name that is there already. */
export const taken = ({ about }: Target): SnapbackError =>
  new SnapbackError('refused', {
    operation: about.operation,
    object: about.object,
    reason:
      'is already there, or is being written by another run, and nothing in a store is ever overwritten',
    hint: 'What is there was left as it is.',
  });
