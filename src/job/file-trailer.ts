/** What etcd appended to a snapshot, compared in a file that lies on a disk. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { from, SnapbackError } from '../errors.ts';
import { count } from '../figures.ts';
import type { Context } from './context.ts';

/**
 * Compares it, and gives the warning where there is none. `name` is the file as a person knows it. Throws `integrity`
 * where it differs or the size is that of no snapshot, `failed` where the file cannot be read, or the signal's reason.
 */
export const provenBy = async (path: string, name: string, context: Context): Promise<string[]> => {
  const { size } = await stat(path).catch(error => {
    throw unreadable(error, name);
  });
  if (size % blockSize === 0)
    return [
      `${name} has no SHA-256 of etcd at its end, as one copied out of a data directory: nothing proves its bytes`,
    ];
  await compareTrailer(path, name, context);
  return [];
};

/** Throws `integrity` where it differs or is missing, and else as `provenBy`. */
export const compareTrailer = async (
  path: string,
  name: string,
  context: Pick<Context, 'signal' | 'progress'>,
): Promise<void> => {
  try {
    await using handle = await open(path);
    const { size } = await handle.stat();
    checkSize(name, size);
    await compare(handle, size, name, context);
  } catch (error) {
    context.signal.throwIfAborted();
    throw unreadable(error, name);
  }
};

/** Throws `integrity` where a file of that size has no trailer, so that it can be said before all of it is read. */
export const checkSize = (name: string, size: number): void => {
  if (size > trailerSize && size % blockSize === trailerSize) return;
  throw damaged(
    name,
    size > 0 && size % blockSize === 0
      ? 'has no SHA-256 of etcd at its end: it was cut short, or copied out of a data directory (--skip-hash-check takes it all the same)'
      : `ended after ${count(size)} bytes, which cannot be a whole snapshot`,
  );
};

// A database is a multiple of the one, so what has no trailer shows by its size (etcd: etcdutl/snapshot, hasChecksum).
const blockSize = 512;
const trailerSize = 32;

/** With one buffer for all, so that nothing waits for the collector. */
const compare = async (
  handle: FileHandle,
  size: number,
  name: string,
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
): Promise<void> => {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(1024 * 1024);
  const end = size - trailerSize;
  for (let done = 0; done < end; ) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - done), done);
    if (bytesRead === 0) throw damaged(name, 'became shorter while it was read');
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
    progress({ phase: 'check', done, total: size });
  }
  const { bytesRead } = await handle.read(buffer, 0, trailerSize, end);
  if (bytesRead < trailerSize || !hash.digest().equals(buffer.subarray(0, trailerSize)))
    throw damaged(name, 'does not match the SHA-256 that etcd sent at its end');
};

const damaged = (name: string, reason: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'compare the SHA-256 at the end',
    object: `file ${name}`,
    reason,
    hint: 'It is damaged or cut short: use another.',
  });

const unreadable = (error: unknown, name: string): SnapbackError =>
  from(error, 'failed', {
    operation: 'read the snapshot file',
    object: `file ${name}`,
    hint: 'Look at the disk and at the modes of the file.',
  });
