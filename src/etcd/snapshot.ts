/** The snapshot of one member, over a connection of its own. */

import { pipeline, type Readable } from 'node:stream';
import { SnapbackError } from '../errors.ts';
import { size } from '../figures.ts';
import type { EtcdClient } from './client.ts';
import { refusalOf, refused } from './refusal.ts';
import { snapshotPath } from './snapshot-messages.ts';
import { snapshotSource } from './snapshot-source.ts';
import { checkTrailer } from './trailer.ts';

export type Snapshot = {
  /** Bytes of the database, without the trailer: what the first message announces. */
  total: number;
  /** The version of the data, such as `3.6.0`; null before 3.6. */
  version: string | null;
  /** The database and its 32 bytes of trailer. Whatever is wrong with it, it fails before its end. */
  body: Readable;
  /** Size in bytes and SHA-256 (`sha256:<hex>`) of the body; throws before its end. */
  plain(): { size: number; sha256: string };
  /** Ends the call and the connection, wherever they stand. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * How much etcd may send ahead, in bytes: what lies in memory while the reader is slow. HTTP/2's default of 64 KiB
 * makes the stream wait for the network again and again: measured at 1 GB it takes 2.5 times as long and costs etcd
 * 2.5 times the CPU. From 4 MiB on, more only costs memory; 8 MiB leave room for a distant member.
 */
const window = 8 * 1024 * 1024;

/**
 * Asks for the snapshot and resolves with the first message. Throws `etcd` when the member refuses (it wants the root
 * role) or says nothing for `idleTimeout` milliseconds, and the signal's reason when it aborts. Later failures of the
 * same kinds destroy `body` with the same errors; destroying `body` ends the call.
 */
export const openSnapshot = async (
  client: EtcdClient,
  {
    signal,
    idleTimeout,
    onBytes = () => {},
  }: { signal: AbortSignal; idleTimeout: number; onBytes?(done: number, total: number): void },
): Promise<Snapshot> => {
  const bounds = { signal, idleTimeout, onBytes };
  const { source, total, version } = await client.call((_, token) => firstMessage(client, token, bounds), {
    operation: 'take the snapshot',
    signal,
    limit: null,
  });
  const trailer = checkTrailer();
  const body = pipeline(source, trailer, () => {});
  // The error is for the reader; one that comes before there is a reader must not end the process.
  body.on('error', () => {});
  return {
    total,
    version,
    body,
    plain: trailer.result,
    [Symbol.asyncDispose]: async () => {
      body.destroy();
      source.destroy();
    },
  };
};

const firstMessage = (
  client: EtcdClient,
  token: string | null,
  bounds: { signal: AbortSignal; idleTimeout: number; onBytes(done: number, total: number): void },
) =>
  new Promise<{ source: Readable; total: number; version: string | null }>((resolve, reject) => {
    // The request has no fields, so its message has no bytes.
    const request = { path: snapshotPath, token, message: Buffer.alloc(0), window };
    const source = snapshotSource(answer => client.stream(request, answer), {
      ...bounds,
      onFirst: first => resolve({ source, ...first }),
      silent: (done, total) => broken(client, `sent nothing for ${bounds.idleTimeout / 1000} s`, done, total),
      failed: (cause, done, total) => {
        if (total === null) return cause;
        const circumstances = {
          operation: '',
          endpoint: client.endpoint,
          user: client.settings.user,
          limit: null,
        };
        return broken(client, refused(cause, circumstances).reason, done, total, cause);
      },
      cut: (done, total) => broken(client, 'ended the stream early', done, total),
    });
    source.on('error', reject);
  });

const broken = (
  client: EtcdClient,
  reason: string,
  done: number,
  total: number | null,
  cause?: unknown,
): SnapbackError =>
  new SnapbackError('etcd', {
    operation: 'take the snapshot',
    object: `etcd ${client.endpoint}`,
    reason: total === null ? reason : `${reason}, after ${size(done)} of ${size(total)}`,
    hint:
      cause !== undefined && refusalOf(cause) === 'lost'
        ? 'See whether that etcd still runs, and look at its log; another member may serve the snapshot.'
        : 'Look at the load and the disk of that member; another member may serve the snapshot.',
    cause,
  });
