/** The bytes of a database file, a range at a time; the file as a whole is never in memory. */
import { open } from 'node:fs/promises';
import { from, SnapbackError } from '../errors.ts';

export type DatabaseFile = {
  /** The file as a person knows it, for errors. */
  name: string;
  /** In bytes, with etcd's trailer of 32 where it has one: too few to pass for a page that is missing. */
  size: number;
  /**
   * The bytes from `offset` on, which the caller has found to be within `size`. Throws `integrity` where the file has
   * become shorter meanwhile, `failed` where the disk cannot read them, and the signal's reason on abort.
   */
  read(offset: number, length: number): Promise<Buffer>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type Opening = { name: string; signal: AbortSignal };

/** Opens a file on a disk, to read only. Throws `failed` where that cannot be done. */
export const openFile = async (path: string, { name, signal }: Opening): Promise<DatabaseFile> => {
  const failed = (error: unknown) =>
    from(error, 'failed', {
      operation: 'read the database',
      object: name,
      hint: 'Look at the disk and at the modes of the file.',
    });
  const handle = await open(path).catch(error => {
    throw failed(error);
  });
  const { size } = await handle.stat().catch(async error => {
    await handle.close();
    throw failed(error);
  });
  return {
    name,
    size,
    read: async (offset, length) => {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await handle
        .read(Buffer.allocUnsafe(length), 0, length, offset)
        .catch(error => {
          throw failed(error);
        });
      if (bytesRead < length) throw shorter(name, offset + bytesRead);
      return buffer;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
};

const shorter = (name: string, end: number): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: name,
    reason: `ends at byte ${end}, and was longer when it was opened`,
    hint: 'Something writes to it: read a copy that stays as it is.',
  });
