/** A real S3 server as the tests see it, whichever program it is. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { get as getPlain } from 'node:http';
import { get as getOverTls } from 'node:https';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import type { ServerProcess } from './server-process.ts';

/** What its own program makes of it. */
export type RunningS3 = {
  name: 'versitygw';
  /** `http://127.0.0.1:<port>`, or `https://…`. */
  endpoint: string;
  region: string;
  /** Of the root user. */
  accessKey: string;
  secretKey: string;
  /** Path of the PEM file of the authority that signed its certificate; null for http. */
  ca: string | null;
  process: ServerProcess;
  [Symbol.asyncDispose](): Promise<void>;
};

export type S3Server = RunningS3 & {
  /** A client of the root user; whoever makes one destroys it. */
  client(): S3Client;
  /** Creates an empty bucket and gives its name; object lock brings versioning with it. */
  newBucket(options?: { lock?: boolean; versioning?: boolean }): Promise<string>;
};

export type StartS3 = {
  /** https, with a certificate for 127.0.0.1 and localhost of a new authority. */
  tls?: boolean;
};

/** A new key of the root user or of another. */
export const newKey = (): string => randomBytes(16).toString('hex');

/** Gives a running server what all of them have; disposing ends the server too. */
export const s3Server = async (running: RunningS3): Promise<S3Server> => {
  const { endpoint, region, accessKey, secretKey } = running;
  const ca = running.ca === null ? undefined : await readFile(running.ca, 'utf8');
  const client = () =>
    new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      requestHandler: { httpsAgent: { ca } },
    });
  const own = client();
  return {
    ...running,
    client,
    newBucket: async ({ lock = false, versioning = false } = {}) => {
      const Bucket = `snapback-${randomBytes(6).toString('hex')}`;
      await own.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: lock }));
      if (versioning && !lock) {
        const VersioningConfiguration = { Status: 'Enabled' } as const;
        await own.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      }
      return Bucket;
    },
    [Symbol.asyncDispose]: async () => {
      own.destroy();
      await running[Symbol.asyncDispose]();
    },
  };
};

/** Whether `url` answers 200 within two seconds; `ca` is the PEM text of its authority. */
export const answersOk = (url: string, ca: string | undefined): Promise<boolean> =>
  new Promise(resolve => {
    const signal = AbortSignal.timeout(2000);
    const get = url.startsWith('https:') ? getOverTls : getPlain;
    get(url, { ca, signal, agent: false }, answer => {
      answer.resume();
      answer.on('error', () => resolve(false));
      answer.on('end', () => resolve(answer.statusCode === 200));
    }).on('error', () => resolve(false));
  });
