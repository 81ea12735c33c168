/** A body that is being written: torn down when the signal aborts or the writing fails. */
import { Readable } from 'node:stream';

/**
 * Runs `write` and gives what it gives. When the signal aborts the body is destroyed with its reason, which is also
 * what this rejects with; when `write` rejects the body is destroyed first.
 */
export const withBody = async <T>(
  body: Readable | Uint8Array,
  signal: AbortSignal,
  write: () => Promise<T>,
): Promise<T> => {
  // Of the time before the body is read and after it has failed: an error without a listener ends the process.
  if (body instanceof Readable) body.on('error', () => {});
  const abort = () => body instanceof Readable && body.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await write();
  } catch (error) {
    if (body instanceof Readable) body.destroy();
    throw signal.aborted && isAbort(error) ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
