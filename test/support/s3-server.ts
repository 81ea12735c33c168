/** A real S3 server as the tests see it, whichever program it is. */
import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import type { ServerProcess } from './server-process.ts';

/** Where it is and who asks it. */
export type S3Access = {
  /** `http://127.0.0.1:<port>`, or `https://…`. Buckets stand in the path. */
  endpoint: string;
  region: string;
  accessKey: string;
  secretKey: string;
  /** Of temporary credentials. */
  sessionToken: string | null;
};

/** A policy of IAM, without principals: it is for the one who gets the credentials. */
export type Policy = {
  Version: '2012-10-17';
  Statement: {
    Sid?: string;
    Effect: 'Allow' | 'Deny';
    Action: string[];
    /** `arn:aws:s3:::<bucket>` and `arn:aws:s3:::<bucket>/<keys>`, no wildcard in the bucket's name. */
    Resource: string[];
    Condition?: Record<string, Record<string, string | string[]>>;
  }[];
};

/** Without a name it gets one of its own. */
export type NewBucket = { name?: string; lock?: boolean; versioning?: boolean };

/** With the keys of its root user. */
export type S3Server = S3Access & {
  name: 'versitygw' | 'minio';
  /** Path of the PEM file of the authority that signed its certificate; null for http. */
  ca: string | null;
  process: ServerProcess;
  /** A client of the root user, or of other keys, or by another way; whoever makes one destroys it. */
  client(changed?: Partial<S3Access & { attempts: number }>): S3Client;
  /** Creates an empty bucket and gives its name; object lock brings versioning with it. */
  newBucket(options?: NewBucket): Promise<string>;
  /** Makes credentials that may do what the policy says and nothing else. The buckets must be there. */
  withRole(policy: Policy): Promise<S3Access>;
  /** Ends it; leaves nothing. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** A new access key or secret key. */
export const newKey = (): string => randomBytes(16).toString('hex');

/** `ca` is the PEM text of an authority to trust. */
export const s3Client = (access: S3Access, ca: string | undefined, maxAttempts = 3): S3Client =>
  new S3Client({ ...sdkSettings(access, ca), forcePathStyle: true, maxAttempts });

/** What any client of the SDK is made with. */
export const sdkSettings = (access: S3Access, ca: string | undefined) => ({
  endpoint: access.endpoint,
  region: access.region,
  credentials: {
    accessKeyId: access.accessKey,
    secretAccessKey: access.secretKey,
    sessionToken: access.sessionToken ?? undefined,
  },
  requestHandler: { httpsAgent: { ca } },
});

/** What `newBucket` does with a client of the root user. */
export const createBucket = async (
  client: S3Client,
  { name = `snapback-${randomBytes(6).toString('hex')}`, lock = false, versioning = false }: NewBucket = {},
): Promise<string> => {
  const Bucket = name;
  await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: lock }));
  if (versioning && !lock) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  return Bucket;
};
