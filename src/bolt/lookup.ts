/** Finds a key in the tree of a bucket: down the branches to one leaf (bbolt: cursor.go, search). */
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { childAt, keyAt, type Value, valueAt } from './element.ts';
import { type Page, readPage } from './page.ts';

// A branch has at least two children, so that a tree of this depth would have more pages than any disk.
const depthLimit = 48;

/** Where the value of `key` is, in the tree below the page `root`; null where there is no such key. Throws `integrity`. */
export const lookup = async (database: Database, root: Page, key: Uint8Array): Promise<Value | null> => {
  let page = root;
  const above = new Set<bigint>();
  while (page.kind === 'branch') {
    if (page.count === 0) throw wrong(database, page, 'it is a branch without children');
    const index = Math.max(0, (await countUpTo(database, page, key)) - 1);
    const child = childAt(page, index);
    if (above.has(child.id) || child.id === BigInt(page.id))
      throw wrong(database, page, `its child ${child.id} is above it in the tree, which is a loop`);
    above.add(BigInt(page.id));
    if (above.size > depthLimit) throw wrong(database, page, 'the tree does not end');
    page = await readPage(database, child.id, child.from);
  }
  const index = (await countUpTo(database, page, key)) - 1;
  if (index < 0 || (await keyAt(database, page, index)).compare(key) !== 0) return null;
  return valueAt(database, page, index);
};

/** How many keys of the page, which are in order, are not greater than `key`. */
const countUpTo = async (database: Database, page: Page, key: Uint8Array): Promise<number> => {
  let [low, high] = [0, page.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await keyAt(database, page, middle)).compare(key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
};

const wrong = ({ file }: Database, page: Page, reason: string) =>
  damaged(file.name, { page: page.id, offset: page.start }, reason);
