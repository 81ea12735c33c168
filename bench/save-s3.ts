/** The same with a bucket as the target: a real S3 server on loopback, beside the usual script with `aws s3 cp`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { S3Server } from '../test/support/s3-server.ts';
import { startBucket } from './bucket.ts';
import { etcdctlSave, type Target } from './save-ways.ts';
import { snapback } from './snapback.ts';
import type { Source } from './source.ts';

/** Throws where zstd or the AWS CLI is not on PATH. Disposing of it ends the server. */
export const s3Target = async (
  source: Source,
  { signal }: { signal: AbortSignal },
): Promise<Target & AsyncDisposable> => {
  const aws = await versionOf('aws', 'pip install awscli');
  const zstd = await versionOf('zstd', 'apt-get install zstd');
  const bucket = await startBucket({ signal });
  const { env, name } = bucket;
  console.log(`versitygw over http; ${aws}; ${zstd}`);
  const script = (folder: string) => [
    etcdctlSave(source, join(folder, 'x.db')),
    { program: 'zstd', args: ['-1', '-T0', '-q', '--rm', join(folder, 'x.db')] },
    { program: 'aws', args: ['s3', 'cp', join(folder, 'x.db.zst'), `s3://${name}/x.db.zst`], env },
  ];
  return {
    ways: [
      { name: 'etcdctl, zstd -T0, aws s3 cp', rival: null, steps: script },
      {
        name: 'snapback save --store s3://',
        rival: 'etcdctl, zstd -T0, aws s3 cp',
        steps: () => [{ ...snapback('save', ...bucket.store('snapback'), ...source.flags), env }],
      },
    ],
    storedBytes: () => takeAway(bucket.server, name),
    [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
  };
};

/** Empties the bucket, all but what says whose folder it is; the largest object's bytes. */
const takeAway = async (server: S3Server, bucket: string): Promise<number> => {
  const client = server.client();
  try {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    for (const { Key } of Contents)
      if (!Key?.includes('/cluster.')) await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    return Math.max(0, ...Contents.map(({ Size = 0 }) => Size));
  } finally {
    client.destroy();
  }
};

const versionOf = async (program: string, how: string): Promise<string> => {
  const found = await promisify(execFile)(program, ['--version']).catch(() => null);
  if (!found) throw new Error(`${program} is not on PATH: ${how}`);
  return found.stdout.trim().split('\n')[0] ?? program;
};
