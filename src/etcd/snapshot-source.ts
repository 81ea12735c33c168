/** A gRPC snapshot call as a Readable of bytes that honours back-pressure and an idle deadline. */
import { Readable } from 'node:stream';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { SnapshotResponse } from './messages.ts';
import { toNumber } from './numbers.ts';

export type SourceSettings = {
  idleTimeout: number;
  onFirst(first: { total: number; version: string | null }): void;
  onBytes(done: number, total: number): void;
  /** The errors: nothing came for the idle timeout, the call failed, it ended with another length than announced. */
  silent(done: number, total: number | null): Error;
  failed(cause: unknown, done: number, total: number | null): Error;
  cut(done: number, total: number | null): Error;
};

/** What follows the database: its SHA-256. */
const trailerLength = 32;

/**
 * Reads `call` only while somebody reads from it, and cancels it when it is destroyed. Only bytes count as a sign of
 * life, and only while they are wanted: a server may send empty messages for ever, and a slow reader is not its fault.
 */
export const snapshotSource = (
  call: ClientReadableStream<SnapshotResponse>,
  { idleTimeout, onFirst, onBytes, silent, failed, cut }: SourceSettings,
): Readable => {
  let done = 0;
  let total: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  const wanted = () => {
    timer ??= setTimeout(() => source.destroy(silent(done, total)), idleTimeout);
  };
  const unwanted = () => {
    if (timer) clearTimeout(timer);
    timer = null;
  };

  const source = new Readable({
    highWaterMark: 256 * 1024,
    read() {
      if (call.readableEnded) return;
      wanted();
      call.resume();
    },
    destroy(error, callback) {
      unwanted();
      call.cancel();
      callback(error);
    },
  });

  call.on('data', ({ remaining_bytes, blob, version }: SnapshotResponse) => {
    if (source.destroyed) return;
    if (total === null) {
      try {
        total = blob.length + toNumber(remaining_bytes, 'remaining_bytes');
      } catch (error) {
        source.destroy(error as Error);
        return;
      }
      onFirst({ total, version: version || null });
    }
    if (blob.length === 0) return;
    timer?.refresh();
    done += blob.length;
    onBytes(Math.min(done, total), total);
    if (source.push(blob)) return;
    call.pause();
    unwanted();
  });
  call.on('end', () => {
    unwanted();
    if (source.destroyed) return;
    if (total !== null && done === total + trailerLength) source.push(null);
    // gRPC reports the reason of a failed call right after the end of its messages.
    else setImmediate(() => source.destroy(cut(done, total)));
  });
  call.on('error', error => source.destroy(failed(error, done, total)));
  wanted();
  return source;
};
