/** A file as a stream that cannot end early in silence. */

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SnapbackError } from '../errors.ts';
import { count } from '../figures.ts';

const chunk = 256 * 1024;

/**
 * The bytes of a file from `offset` to the size that it has now. An end before that is a `store` error; on abort
 * the stream is destroyed with the signal's reason. Rejects with the file system's error where it cannot be opened.
 */
export const readFile = async (path: string, offset: number, signal: AbortSignal): Promise<Readable> => {
  const handle = await open(path, 'r');
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw Object.assign(new Error('it is not a file'), { code: 'EISDIR' });
    signal.throwIfAborted();
    return streamOf(handle, { path, offset, size: stat.size, signal });
  } catch (error) {
    await handle.close();
    throw error;
  }
};

const streamOf = (
  handle: FileHandle,
  { path, offset, size, signal }: { path: string; offset: number; size: number; signal: AbortSignal },
): Readable => {
  let at = offset;
  const stream = new Readable({
    highWaterMark: 2 * chunk,
    read: async () => {
      try {
        if (at >= size) return void stream.push(null);
        const wanted = Math.min(chunk, size - at);
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
        if (bytesRead === 0) throw shortened(path, at, size);
        at += bytesRead;
        stream.push(buffer.subarray(0, bytesRead));
      } catch (error) {
        stream.destroy(error as Error);
      }
    },
    destroy: (error, done) => {
      signal.removeEventListener('abort', abort);
      handle.close().then(
        () => done(error),
        () => done(error),
      );
    },
  });
  const abort = () => stream.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return stream;
};

const shortened = (path: string, at: number, size: number): SnapbackError =>
  new SnapbackError('store', {
    operation: 'read from the store',
    object: `file ${path}`,
    reason: `ended after ${count(at)} of ${count(size)} bytes: it was cut short while it was read`,
    hint: 'Find out what else writes to this folder; only snapback should.',
  });
