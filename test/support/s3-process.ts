/** The start of an S3 server in a folder of its own, on a free port, with or without TLS. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3';
import { createAuthority, type Issued } from './certificates.ts';
import { freePorts } from './ports.ts';
import { createBucket, newKey, type Policy, type S3Access, type S3Server, s3Client } from './s3-server.ts';
import { type ServerStart, startProcess } from './server-process.ts';

export type StartS3 = {
  /** https, with a certificate for 127.0.0.1 and localhost of a new authority. */
  tls?: boolean;
  /** The folder for what its buckets hold, which stays; without it that goes with the server. */
  data?: string;
};

/** What differs from one server program to the next. */
export type S3Program = {
  name: S3Server['name'];
  /**
   * Makes in `folder` what it needs beside `data`, and gives its arguments and variables. `address` is
   * `127.0.0.1:<port>`.
   */
  prepare(
    how: S3Access & { folder: string; data: string; address: string; certificate: Issued | null },
  ): Promise<Pick<ServerStart, 'args' | 'env'>>;
  /** Gives what makes credentials, for a server that runs; `client` is root's, `ca` the authority's PEM text. */
  roles(
    root: S3Access & { program: string; client: S3Client; ca: string | undefined },
  ): (policy: Policy) => Promise<Omit<S3Access, 'endpoint' | 'region'>>;
};

/** Resolves when it answers the root user; rejects with its output when it ends first. */
export const startS3Program = async (
  program: string,
  kind: S3Program,
  options: StartS3,
): Promise<S3Server> => {
  const { name } = kind;
  const { tls = false } = options;
  const folder = await mkdtemp(join(tmpdir(), `snapback-${name}-`));
  const data = resolve(options.data ?? join(folder, 'data'));
  const clean = () => rm(folder, { recursive: true, force: true });
  try {
    await mkdir(data, { recursive: true });
    const authority = tls ? await createAuthority(folder, 'ca') : null;
    const hosts = ['127.0.0.1', 'localhost'];
    const certificate = authority ? await authority.issue('server', { hosts }) : null;
    const ca = authority ? await readFile(authority.ca, 'utf8') : undefined;
    for (let attempt = 1; ; attempt++) {
      const address = `127.0.0.1:${(await freePorts(1))[0]}`;
      const endpoint = `${tls ? 'https' : 'http'}://${address}`;
      const keys = { accessKey: newKey(), secretKey: newKey(), sessionToken: null };
      const root: S3Access = { endpoint, region: 'us-east-1', ...keys };
      try {
        const start = await kind.prepare({ folder, data, address, certificate, ...root });
        const process = await startProcess({ name, program, ready: () => answers(root, ca), ...start });
        const client = s3Client(root, ca);
        const role = kind.roles({ program, client, ca, ...root });
        return {
          ...root,
          name,
          ca: authority?.ca ?? null,
          process,
          client: ({ attempts, ...changed } = {}) => s3Client({ ...root, ...changed }, ca, attempts),
          newBucket: options => createBucket(client, options),
          withRole: async policy => ({ ...root, ...(await role(policy)) }),
          [Symbol.asyncDispose]: async () => {
            client.destroy();
            await process[Symbol.asyncDispose]();
            await clean();
          },
        };
      } catch (error) {
        // Somebody took the port in between.
        if (attempt === 5 || !String(error).includes('address already in use')) throw error;
      }
    }
  } catch (error) {
    await clean();
    throw error;
  }
};

const answers = async (root: S3Access, ca: string | undefined): Promise<boolean> => {
  const client = s3Client(root, ca, 1);
  try {
    await client.send(new ListBucketsCommand(), { abortSignal: AbortSignal.timeout(2000) });
    return true;
  } finally {
    client.destroy();
  }
};
