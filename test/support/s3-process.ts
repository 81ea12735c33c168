/** The start of an S3 server in a folder of its own, on a free port, with or without TLS. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type Issued } from './certificates.ts';
import { freePorts } from './ports.ts';
import { answersOk, newKey, type RunningS3, type S3Server, type StartS3, s3Server } from './s3-server.ts';
import { type ServerStart, startProcess } from './server-process.ts';

/** What differs from one server program to the next. */
export type S3Program = {
  name: RunningS3['name'];
  /** Path that answers 200 once it is ready. */
  health: string;
  /** Makes in `folder` what it needs and gives its arguments and variables. */
  prepare(how: {
    folder: string;
    /** `127.0.0.1:<port>` */
    address: string;
    accessKey: string;
    secretKey: string;
    region: string;
    certificate: Issued | null;
  }): Promise<Pick<ServerStart, 'args' | 'env'>>;
};

/** Resolves when it is ready; rejects with its output when it ends first. Disposing leaves nothing of it. */
export const startS3Program = async (
  program: string,
  { name, health, prepare }: S3Program,
  { tls = false }: StartS3,
): Promise<S3Server> => {
  const folder = await mkdtemp(join(tmpdir(), `snapback-${name}-`));
  const clean = () => rm(folder, { recursive: true, force: true });
  try {
    const authority = tls ? await createAuthority(folder, 'ca') : null;
    const hosts = ['127.0.0.1', 'localhost'];
    const certificate = authority ? await authority.issue('server', { hosts }) : null;
    const ca = authority ? await readFile(authority.ca, 'utf8') : undefined;
    const root = { accessKey: newKey(), secretKey: newKey(), region: 'us-east-1' };
    for (let attempt = 1; ; attempt++) {
      const address = `127.0.0.1:${(await freePorts(1))[0]}`;
      const endpoint = `${tls ? 'https' : 'http'}://${address}`;
      const ready = () => answersOk(`${endpoint}${health}`, ca);
      try {
        const start = await prepare({ folder, address, certificate, ...root });
        const process = await startProcess({ name, program, ready, ...start });
        const dispose = async () => {
          await process[Symbol.asyncDispose]();
          await clean();
        };
        const own = { name, endpoint, ca: authority?.ca ?? null, process };
        return await s3Server({ ...own, ...root, [Symbol.asyncDispose]: dispose });
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
