/** A database of bbolt, open to be read by page. */
import { type DatabaseFile, type Opening, openFile } from './file.ts';
import { type MetaPage, readMetaPage } from './meta-page.ts';

export type Database = { file: DatabaseFile; meta: MetaPage; [Symbol.asyncDispose](): Promise<void> };

/**
 * Opens the file at `path`, with or without etcd's trailer; nobody may write to it meanwhile. Throws `integrity` where
 * its meta pages do not stand for what is there, `failed` where it cannot be read, and the signal's reason on abort;
 * so does everything that is later read from it.
 */
export const openDatabase = async (path: string, opening: Opening): Promise<Database> => {
  const file = await openFile(path, opening);
  try {
    const meta = await readMetaPage(file);
    return { file, meta, [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() };
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
};
