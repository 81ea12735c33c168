/** A snapshot call as a Readable of bytes that honours back-pressure, the signal and an idle deadline. */
import { Readable } from 'node:stream';
import { pieceSize, takePiece } from '../pieces.ts';
import { snapshotMessages } from './snapshot-messages.ts';
import type { Answer, StreamCall } from './stream-call.ts';

export type SourceSettings = {
  signal: AbortSignal;
  idleTimeout: number;
  onFirst(first: { total: number; version: string | null }): void;
  onBytes(done: number, total: number): void;
  /** The errors: nothing came for the idle timeout, the call failed, it ended with another length than announced. */
  silent(done: number, total: number | null): Error;
  failed(cause: Error, done: number, total: number | null): Error;
  cut(done: number, total: number | null): Error;
};

/** What follows the database: its SHA-256. */
const trailerLength = 32;

/**
 * Makes the call and reads it only while somebody reads from it, and closes it when it is destroyed. Only bytes of the
 * database count as a sign of life, and only while they are wanted: a server may send empty messages for ever, and a
 * slow reader is not its fault. On abort it is destroyed with the signal's reason.
 */
export const snapshotSource = (
  open: (answer: Answer) => StreamCall,
  { signal, idleTimeout, onFirst, onBytes, silent, failed, cut }: SourceSettings,
): Readable => {
  let done = 0;
  let total = 0;
  let begun = false;
  let timer: NodeJS.Timeout | null = null;
  const known = () => (begun ? total : null);
  const wanted = () => {
    timer ??= setTimeout(() => source.destroy(silent(done, known())), idleTimeout);
  };
  const unwanted = () => {
    if (timer) clearTimeout(timer);
    timer = null;
  };
  const abort = () => source.destroy(signal.reason);

  const source = new Readable({
    highWaterMark: pieceSize,
    read() {
      wanted();
      call.resume();
    },
    destroy(error, callback) {
      unwanted();
      signal.removeEventListener('abort', abort);
      call.close();
      callback(error);
    },
  });

  let piece = takePiece();
  let filled = 0;
  const push = () => {
    const more = source.push(piece.subarray(0, filled));
    piece = takePiece();
    filled = 0;
    if (more) return;
    call.pause();
    unwanted();
  };
  const { read } = snapshotMessages({
    onFirst: first => {
      begun = true;
      total = first.total;
      onFirst(first);
    },
    onBytes: (chunk, from, to) => {
      timer?.refresh();
      done += to - from;
      onBytes(Math.min(done, total), total);
      for (let at = from; at < to; ) {
        const copied = chunk.copy(piece, filled, at, to);
        at += copied;
        filled += copied;
        if (filled === pieceSize) push();
      }
    },
  });
  const call = open({
    onBytes: bytes => {
      if (source.destroyed) return;
      try {
        read(bytes);
      } catch (error) {
        source.destroy(error as Error);
      }
    },
    onEnd: () => {
      unwanted();
      if (begun && done === total + trailerLength) {
        push();
        source.push(null);
      } else source.destroy(cut(done, known()));
    },
    onError: error => source.destroy(failed(error, done, known())),
  });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  wanted();
  call.resume();
  return source;
};
