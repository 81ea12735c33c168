/** Bytes as a file, read for what the bucket `meta` says. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type MetaBucket, readMetaBucket } from '../../src/bolt/meta-bucket.ts';
import { rejection } from './rejection.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type Reading = {
  /** The file, in a folder of its own; errors call it `it.db`. */
  path: string;
  /** What the file says as it is. */
  read(): Promise<MetaBucket>;
  /** What these bytes say. */
  says(bytes: Buffer | Buffer[]): Promise<MetaBucket>;
  /** The reason of the `integrity` error that these bytes end with. */
  fault(bytes: Buffer | Buffer[]): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
};

export const openReading = async (): Promise<Reading> => {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'it.db');
  const read = async () => readMetaBucket({ path }, { name: 'it.db' });
  const says = async (bytes: Buffer | Buffer[]) => {
    await writeFile(path, bytes);
    return await read();
  };
  return {
    path,
    read,
    says,
    fault: async bytes => {
      const error = await rejection(says(bytes));
      expect(error).toMatchObject({ code: 'integrity', object: 'it.db' });
      return error.reason;
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
};
