/** An empty bucket of a real S3 server on this machine, and how programs reach it. */
import { buildGoProgram } from '../test/support/go-programs.ts';
import type { S3Server } from '../test/support/s3-server.ts';
import { startVersitygw } from '../test/support/versitygw.ts';

export type BenchBucket = {
  server: S3Server;
  name: string;
  /** Variables for the AWS CLI and for snapback. */
  env: Record<string, string>;
  /** Of a store below a prefix. */
  location(prefix: string): string;
  /** Options of snapback for it. */
  store(prefix: string): string[];
  [Symbol.asyncDispose](): Promise<void>;
};

export const startBucket = async ({ signal }: { signal: AbortSignal }): Promise<BenchBucket> => {
  const { path } = await buildGoProgram('versitygw', { signal });
  const server = await startVersitygw(path);
  try {
    const name = await server.newBucket();
    const location = (prefix: string) => `s3://${name}/${prefix}`;
    return {
      server,
      name,
      env: accessOf(server),
      location,
      store: prefix => ['--store', location(prefix), '--s3-endpoint', server.endpoint],
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
};

const accessOf = ({ accessKey, secretKey, region, endpoint }: S3Server): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: accessKey,
  AWS_SECRET_ACCESS_KEY: secretKey,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ENDPOINT_URL: endpoint,
  AWS_EC2_METADATA_DISABLED: 'true',
});
