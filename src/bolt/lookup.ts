/** Finds a key in the tree of a bucket: down the branches to one leaf (bbolt: cursor.go, search). */
import type { Database } from './database.ts';
import { childFor, countUpTo, readChild } from './descent.ts';
import { keyAt, type Value, valueAt } from './element.ts';
import type { Page } from './page.ts';

/** Where the value of `key` is, in the tree below the page `root`; null where there is no such key. Throws `integrity`. */
export const lookup = (database: Database, root: Page, key: Uint8Array): Value | null => {
  const way: Page[] = [];
  let page = root;
  while (page.kind === 'branch') {
    way.push(page);
    page = readChild(database, way, childFor(database, page, key));
  }
  const index = countUpTo(database, page, key) - 1;
  if (index < 0 || keyAt(database, page, index).compare(key) !== 0) return null;
  return valueAt(database, page, index);
};
