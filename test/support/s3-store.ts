/** A store in a bucket of a real S3 server. */

import { readFile } from 'node:fs/promises';
import { type Log, silentLog } from '../../src/log.ts';
import { openS3Store } from '../../src/store/s3.ts';
import { defaultS3Settings, type S3Settings } from '../../src/store/s3-settings.ts';
import type { S3Access, S3Server } from './s3-server.ts';
import type { StoreUnderTest } from './store-contract.ts';

type Keys = Pick<S3Access, 'accessKey' | 'secretKey' | 'sessionToken'>;

/** Variables that give these credentials to a command. */
export const credentials = ({ accessKey, secretKey, sessionToken }: Keys): NodeJS.ProcessEnv => ({
  AWS_ACCESS_KEY_ID: accessKey,
  AWS_SECRET_ACCESS_KEY: secretKey,
  AWS_SESSION_TOKEN: sessionToken ?? undefined,
});

/**
 * Gives these credentials to the SDK, in this process and in the commands that it starts, and takes away whatever
 * this machine says of AWS and of proxies.
 */
export const useCredentials = (keys: Keys): void => {
  for (const name of Object.keys(process.env))
    if (/^AWS_|^https?_proxy$/i.test(name)) delete process.env[name];
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: keys.accessKey,
    AWS_SECRET_ACCESS_KEY: keys.secretKey,
    ...(keys.sessionToken === null ? {} : { AWS_SESSION_TOKEN: keys.sessionToken }),
    AWS_CONFIG_FILE: '/nonexistent/config',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    AWS_EC2_METADATA_DISABLED: 'true',
  });
};

export type BucketUnderTest = StoreUnderTest & { bucket: string };

/** A store below `prefix` of a new bucket. */
export const s3Store = async (
  server: S3Server,
  options: {
    prefix?: string;
    lock?: boolean;
    versioning?: boolean;
    settings?: Partial<S3Settings>;
    log?: Log;
  } = {},
): Promise<BucketUnderTest> => {
  const bucket = await server.newBucket(options);
  return { bucket, ...(await openBucket(server, bucket, options)) };
};

/** A store in a bucket that is there. */
export const openBucket = async (
  server: S3Server,
  bucket: string,
  {
    prefix = 'backups/etcd',
    settings = {},
    log = silentLog,
    own = '',
  }: { prefix?: string; settings?: Partial<S3Settings>; log?: Log; own?: string } = {},
): Promise<StoreUnderTest> => {
  const ca = server.ca === null ? null : await readFile(server.ca, 'utf8');
  const store = await openS3Store(
    { bucket, prefix, location: `s3://${bucket}/${prefix}`.replace(/\/$/, '') + (own && `?${own}`) },
    { ...defaultS3Settings, endpoint: server.endpoint, ca, ...settings },
    log,
  );
  return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
};
