/** versitygw, an S3 server on a folder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type S3Program, startS3Program } from './s3-process.ts';
import type { S3Server, StartS3 } from './s3-server.ts';

/** `program` is its path. Buckets may have versions and locks. */
export const startVersitygw = (program: string, options: StartS3 = {}): Promise<S3Server> =>
  startS3Program(program, versitygw, options);

const versitygw: S3Program = {
  name: 'versitygw',
  health: '/healthz',
  prepare: async ({ folder, address, accessKey, secretKey, region, certificate }) => {
    const kept = {
      data: join(folder, 'data'),
      versions: join(folder, 'versions'),
      users: join(folder, 'users'),
    };
    for (const path of Object.values(kept)) await mkdir(path, { recursive: true });
    return {
      args: [
        `--port=${address}`,
        `--region=${region}`,
        // Without it each connection is closed after its answer.
        '--keep-alive',
        `--iam-dir=${kept.users}`,
        '--health=/healthz',
        '--quiet',
        ...(certificate ? [`--cert=${certificate.cert}`, `--key=${certificate.key}`] : []),
        'posix',
        `--versioning-dir=${kept.versions}`,
        kept.data,
      ],
      env: { ROOT_ACCESS_KEY_ID: accessKey, ROOT_SECRET_ACCESS_KEY: secretKey },
    };
  },
};
