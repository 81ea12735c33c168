/** versitygw, an S3 server on a folder. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { type S3Program, type StartS3, startS3Program } from './s3-process.ts';
import { newKey, type Policy, type S3Server } from './s3-server.ts';

/** `program` is its path. Its buckets may have versions and locks; encryption it ignores in silence. */
export const startVersitygw = (program: string, options: StartS3 = {}): Promise<S3Server> =>
  startS3Program(program, versitygw, options);

const versitygw: S3Program = {
  name: 'versitygw',
  prepare: async ({ folder, data, address, accessKey, secretKey, region, certificate }) => {
    const [versions, users] = [join(folder, 'versions'), join(folder, 'users')];
    for (const path of [versions, users]) await mkdir(path, { recursive: true });
    return {
      args: [
        `--port=${address}`,
        `--region=${region}`,
        // Without it each connection is closed after its answer.
        '--keep-alive',
        `--iam-dir=${users}`,
        '--quiet',
        ...(certificate ? [`--cert=${certificate.cert}`, `--key=${certificate.key}`] : []),
        'posix',
        `--versioning-dir=${versions}`,
        data,
      ],
      env: { ROOT_ACCESS_KEY_ID: accessKey, ROOT_SECRET_ACCESS_KEY: secretKey },
    };
  },
  // A user, and a policy on each bucket that names it: a bucket has one policy for all of its users.
  roles: ({ program, client, ...root }) => {
    const granted = new Map<string, object[]>();
    return async policy => {
      const keys = { accessKey: newKey(), secretKey: newKey(), sessionToken: null };
      const user = ['--access', keys.accessKey, '--secret', keys.secretKey, '--role', 'user'];
      const env = {
        ADMIN_ACCESS_KEY_ID: root.accessKey,
        ADMIN_SECRET_ACCESS_KEY: root.secretKey,
        ADMIN_REGION: root.region,
        ADMIN_ENDPOINT_URL: root.endpoint,
        ADMIN_ALLOW_INSECURE: 'true',
      };
      await promisify(execFile)(program, ['admin', 'create-user', ...user], { env });
      for (const [Bucket, statements] of byBucket(policy)) {
        // It keeps a bucket's policy in an extended attribute, where many file systems have 4 KiB for all: no names.
        const own = statements.map(({ Sid: _, ...rest }) => ({
          ...rest,
          Principal: { AWS: [keys.accessKey] },
        }));
        const Statement = [...(granted.get(Bucket) ?? []), ...own];
        granted.set(Bucket, Statement);
        const Policy = JSON.stringify({ Version: policy.Version, Statement });
        await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
      }
      return keys;
    };
  },
};

type Statement = Policy['Statement'][number];

const byBucket = ({ Statement }: Policy): Map<string, Statement[]> => {
  const buckets = new Map<string, Statement[]>();
  for (const statement of Statement) {
    const resources = Map.groupBy(statement.Resource, arn => /^arn:aws:s3:::([^/]+)/.exec(arn)?.[1] ?? arn);
    for (const [bucket, Resource] of resources) {
      buckets.set(bucket, [...(buckets.get(bucket) ?? []), { ...statement, Resource }]);
    }
  }
  return buckets;
};
