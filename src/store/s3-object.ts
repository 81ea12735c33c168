/** What goes with every new object, and whether the server did what was asked for. */
import { createHash, getFips } from 'node:crypto';
import { SnapbackError } from '../errors.ts';
import type { Bucket } from './s3-client.ts';
import type { S3Settings } from './s3-settings.ts';
import type { Target } from './s3-target.ts';

/** Name of the metadata by which a writer knows its own object again after a lost answer. */
export const markName = 'snapback-upload';

/** The settings of an object as PutObject and CreateMultipartUpload take them. */
export const newObject = ({ settings }: Bucket, { mark, locked }: Target, now: Date) => ({
  ContentType: 'application/octet-stream',
  Metadata: { [markName]: mark },
  ...encryption(settings),
  ...(settings.storageClass ? { StorageClass: settings.storageClass as 'STANDARD' } : {}),
  ...tagging(settings.tags),
  ...(locked ? lock(settings, now) : {}),
});

/** What every request for an object needs that is encrypted with a customer's key: to write, read or look at it. */
export const customerKey = ({ encryption }: S3Settings) =>
  encryption?.kind === 'customer'
    ? { SSECustomerAlgorithm: 'AES256', SSECustomerKey: encryption.key.reveal() }
    : {};

/**
 * The MD5 of a body, which servers demand where object lock is set and no newer checksum comes along. Left out
 * where it is not asked for, and on a system whose policy (FIPS) knows no MD5.
 */
export const contentMD5 = ({ settings }: Bucket, bytes: Uint8Array): { ContentMD5?: string } =>
  settings.objectLock && getFips() === 0
    ? { ContentMD5: createHash('md5').update(bytes).digest('base64') }
    : {};

type Answer = { ServerSideEncryption?: string | undefined; SSECustomerAlgorithm?: string | undefined };

/** True where an answer says that the object is encrypted as it was asked for, or nothing was asked for. */
export const isEncrypted = ({ settings }: Bucket, answer: Answer): boolean => {
  const wanted = settings.encryption;
  if (wanted === null) return true;
  if (wanted.kind === 'customer') return answer.SSECustomerAlgorithm !== undefined;
  return answer.ServerSideEncryption === wanted.kind;
};

/** The error for a server that took the header and did nothing with it. */
export const notEncrypted = ({ location, settings }: Bucket, left: string): SnapbackError => {
  const kind = settings.encryption?.kind;
  const asked = kind === 'customer' ? 'the key of the customer' : kind;
  return new SnapbackError('store', {
    operation: 'write to the store',
    object: location,
    reason: `did not encrypt with ${asked}, though it was asked to: this server passes over it in silence${left}`,
    hint: 'Leave the encryption on the server out, and encrypt before it is sent with --recipient.',
  });
};

const encryption = (settings: S3Settings) => {
  const wanted = settings.encryption;
  if (wanted?.kind === 'AES256') return { ServerSideEncryption: 'AES256' as const };
  if (wanted?.kind === 'aws:kms')
    return {
      ServerSideEncryption: 'aws:kms' as const,
      ...(wanted.keyId ? { SSEKMSKeyId: wanted.keyId } : {}),
    };
  return customerKey(settings);
};

const tagging = (tags: Record<string, string>) => {
  const Tagging = new URLSearchParams(tags).toString();
  return Tagging === '' ? {} : { Tagging };
};

const lock = ({ objectLock }: S3Settings, now: Date) => {
  if (objectLock === null) return {};
  if (objectLock.mode === 'legal-hold') return { ObjectLockLegalHoldStatus: 'ON' as const };
  return {
    ObjectLockMode: objectLock.mode === 'governance' ? ('GOVERNANCE' as const) : ('COMPLIANCE' as const),
    ObjectLockRetainUntilDate: new Date(now.getTime() + objectLock.milliseconds),
  };
};
