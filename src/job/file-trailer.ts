/** What etcd appended to a snapshot, compared in a file that lies on a disk. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from, isSnapbackError, SnapbackError } from '../errors.ts';
import { checkTrailer } from '../etcd/trailer.ts';
import type { Context } from './context.ts';
import { wrongTrailer } from './open-stored.ts';

/**
 * Compares it, and gives the warning where there is none. `name` is the file as a person knows it. Throws `integrity`
 * where it differs or the size is that of no snapshot, `failed` where the file cannot be read, or the signal's reason.
 */
export const provenBy = async (path: string, name: string, context: Context): Promise<string[]> => {
  const { size } = await stat(path).catch(error => {
    throw damageOf(error, name);
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
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
): Promise<void> => {
  try {
    const { size } = await stat(path);
    let done = 0;
    const nowhere = new Writable({
      write: (chunk: Buffer, _, next) => {
        done += chunk.length;
        progress({ phase: 'check', done, total: size });
        next();
      },
    });
    const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
    await pipeline(source, checkTrailer(), nowhere, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw damageOf(error, name);
  }
};

// A database is a multiple of it, so what has no trailer shows by its size (etcd: etcdutl/snapshot, hasChecksum).
const blockSize = 512;

const damageOf = (error: unknown, name: string): SnapbackError => {
  const wrong = wrongTrailer(error);
  if (isSnapbackError(wrong))
    return new SnapbackError(wrong.code, {
      operation: wrong.operation,
      object: `file ${name}`,
      reason: wrong.reason,
      hint: wrong.hint ?? undefined,
      cause: error,
    });
  return from(error, 'failed', {
    operation: 'read the snapshot file',
    object: `file ${name}`,
    hint: 'Look at the disk and at the modes of the file.',
  });
};
