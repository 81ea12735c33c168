/** MinIO, an S3 server with encryption of its own. */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type S3Program, type StartS3, startS3Program } from './s3-process.ts';
import { type S3Server, sdkSettings } from './s3-server.ts';

/** The key that SSE-KMS may name; it is SSE-S3's too. SSE-C asks for TLS. */
export const minioKmsKey = 'snapback-test';

/** `program` is its path. Its buckets may have versions and locks. */
export const startMinio = (program: string, options: StartS3 = {}): Promise<S3Server> =>
  startS3Program(program, minio, options);

const minio: S3Program = {
  name: 'minio',
  prepare: async ({ folder, data, address, accessKey, secretKey, certificate }) => {
    const certificates = join(folder, 'certificates');
    await mkdir(certificates, { recursive: true });
    if (certificate) {
      await copyFile(certificate.cert, join(certificates, 'public.crt'));
      await copyFile(certificate.key, join(certificates, 'private.key'));
    }
    return {
      args: ['server', '--quiet', '--address', address, '--certs-dir', certificates, data],
      env: {
        MINIO_ROOT_USER: accessKey,
        MINIO_ROOT_PASSWORD: secretKey,
        MINIO_KMS_SECRET_KEY: `${minioKmsKey}:${randomBytes(32).toString('base64')}`,
        // It may keep its data on the disk of the system.
        MINIO_CI_CD: '1',
        MINIO_UPDATE: 'off',
        MINIO_BROWSER: 'off',
      },
    };
  },
  // Temporary credentials of root, narrowed by the policy.
  roles:
    ({ ca, ...root }) =>
    async policy => {
      const client = new STSClient(sdkSettings(root, ca));
      try {
        const role = { RoleArn: 'arn:aws:iam:::role/any', RoleSessionName: 'snapback' };
        const { Credentials } = await client.send(
          new AssumeRoleCommand({ ...role, Policy: JSON.stringify(policy) }),
        );
        return {
          accessKey: Credentials?.AccessKeyId ?? '',
          secretKey: Credentials?.SecretAccessKey ?? '',
          sessionToken: Credentials?.SessionToken ?? null,
        };
      } finally {
        client.destroy();
      }
    },
};
