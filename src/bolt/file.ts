/** The bytes of a database file, a range at a time; the file as a whole is never in memory. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { from, SnapbackError } from '../errors.ts';
import { blockCache } from './block-cache.ts';

export type DatabaseFile = {
  /** The file as a person knows it, for errors. */
  name: string;
  /** In bytes, with etcd's trailer of 32 where it has one: too few to pass for a page that is missing. */
  size: number;
  /**
   * Fills `target` from its byte `at` to its end with the bytes from `offset` on, which the caller has found to be
   * within `size`. Throws `integrity` where the file has become shorter meanwhile, `failed` where the disk cannot read.
   */
  fill(target: Buffer, at: number, offset: number): void;
  /** The same into a buffer of its own. */
  read(offset: number, length: number): Buffer;
  [Symbol.dispose](): void;
};

/**
 * Opens a file on a disk, to read only, and to be read without a pause: for a thread of its own (ask.ts). Throws
 * `failed` where that cannot be done.
 */
export const openFile = (path: string, name: string): DatabaseFile => {
  // Not blocking, so that a pipe is refused and not waited for.
  const handle = tried(name, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    const about = tried(name, () => fstatSync(handle));
    if (!about.isFile()) throw noFile(name);
    const read = (target: Buffer, offset: number) => {
      for (let done = 0; done < target.length; ) {
        const count = tried(name, () => readSync(handle, target, done, target.length - done, offset + done));
        if (count === 0) throw shorter(name, offset + done);
        done += count;
      }
    };
    const { size } = about;
    const cached = blockCache(read, size);
    const fill: DatabaseFile['fill'] = (target, at, offset) => {
      if (offset + target.length - at > size) throw shorter(name, size);
      cached(target, at, offset);
    };
    return {
      name,
      size,
      fill,
      read: (offset, length) => {
        const target = Buffer.allocUnsafe(length);
        fill(target, 0, offset);
        return target;
      },
      [Symbol.dispose]: () => closeSync(handle),
    };
  } catch (error) {
    closeSync(handle);
    throw error;
  }
};

const tried = <T>(name: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    throw from(error, 'failed', {
      operation: 'read the database',
      object: name,
      hint: 'Look at the disk and at the modes of the file.',
    });
  }
};

const noFile = (name: string): SnapbackError =>
  new SnapbackError('failed', {
    operation: 'read the database',
    object: name,
    reason: 'is not a regular file',
    hint: 'Name the file itself.',
  });

const shorter = (name: string, end: number): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: name,
    reason: `ends at byte ${end}, and was longer when it was opened`,
    hint: 'Something writes to it: read a copy that stays as it is.',
  });
