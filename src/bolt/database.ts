/** A database of bbolt, open to be read by page. */
import { type DatabaseFile, openFile } from './file.ts';
import { type MetaPage, readMetaPage } from './meta-page.ts';

export type Database = { file: DatabaseFile; meta: MetaPage; [Symbol.dispose](): void };

/**
 * Opens the file at `path`, with or without etcd's trailer; nobody may write to it meanwhile. `name` is the file as a
 * person knows it. Throws `integrity` where its meta pages do not stand for what is there, and `failed` where it cannot
 * be read; so does everything that is later read from it. Reads without a pause: for the other side of ask.ts.
 */
export const openDatabase = (path: string, name: string): Database => {
  const file = openFile(path, name);
  try {
    const meta = readMetaPage(file);
    return { file, meta, [Symbol.dispose]: () => file[Symbol.dispose]() };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
};
