/** Bytes into a new file, to the last one and durable, before it has a name that anybody looks at. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { codeOf } from './file-error.ts';

/** `.<file>.<12 hex>.part` or `.<file>.reserved.part`: what an unfinished upload is called. */
export const unfinished = /^\..+\.([0-9a-f]{12}|reserved)\.part$/;

/** A new path for an unfinished upload of `file`. */
export const partName = (folder: string, file: string): string =>
  join(folder, `.${file}.${randomBytes(6).toString('hex')}.part`);

/**
 * Writes the whole body to a new file (0600) and syncs it; the number of bytes. Errors of the body come as they
 * are, those of the file system through `onFileError`. The file stays when it throws: its maker removes it.
 */
export const writeNew = async (
  path: string,
  body: Readable | Uint8Array,
  options: { signal: AbortSignal; onFileError(error: unknown): Promise<Error> },
): Promise<number> => {
  const onDisk = async <T>(act: Promise<T>): Promise<T> => {
    try {
      return await act;
    } catch (error) {
      throw await options.onFileError(error);
    }
  };
  const handle = await onDisk(open(path, 'wx', 0o600));
  try {
    let size = 0;
    for await (const chunk of body instanceof Readable ? body : [body]) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
      await onDisk(writeAll(handle, bytes));
      options.signal.throwIfAborted();
      size += bytes.byteLength;
    }
    await onDisk(handle.sync());
    const there = (await onDisk(handle.stat())).size;
    if (there !== size)
      throw await options.onFileError(new Error(`${size} bytes were written and ${there} are there`));
    return size;
  } finally {
    await handle.close();
  }
};

const writeAll = async (handle: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.byteLength - at);
    at += bytesWritten;
  }
};

/**
 * Makes a folder (0700) and those above it that are missing, durably. Folders that exist stay as they are. Not
 * Node's recursive mkdir: that answers ENOENT on a read-only file system.
 */
export const makeFolder = async (folder: string): Promise<void> => {
  if (await isFolder(folder)) return;
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isFolder(folder))) return;
    if (codeOf(error) !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    return makeFolder(folder);
  }
  await syncFolder(dirname(folder));
};

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
};

/** Makes the names in a folder durable; some file systems have no such call for folders and say EINVAL. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
};
