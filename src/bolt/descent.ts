/** The way down a tree: from a branch to a child, with neither loop nor bottomless depth, and which child has a key. */
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { childAt, keyAt } from './element.ts';
import { type Frame, type Page, placeIn, readPage } from './page.ts';

// A branch has at least two children, so that a tree of this depth would have more pages than any disk.
const depthLimit = 48;

/**
 * Reads the child at `index` of the last page of `way`, which are branches from the root down. Throws `integrity` where
 * the child is one of them, or there are more than any tree has.
 */
export const readChild = (database: Database, way: Page[], index: number, frame?: Frame): Page => {
  const parent = way[way.length - 1];
  if (!parent) throw new Error('a child needs a parent');
  const { id, from } = childAt(parent, index);
  if (way.some(page => page.id === id))
    throw wrong(database, parent, `its child ${id} is above it in the tree, which is a loop`);
  if (way.length > depthLimit) throw wrong(database, parent, 'the tree does not end');
  return readPage(database, id, from, frame);
};

/** The index of the child of a branch below which `key` is, if it is anywhere. Throws `integrity`. */
export const childFor = (database: Database, page: Page, key: Uint8Array): number => {
  checkBranch(database, page);
  return Math.max(0, countUpTo(database, page, key) - 1);
};

/** Throws `integrity` where a branch has no children. */
export const checkBranch = (database: Database, page: Page): void => {
  if (page.count === 0) throw wrong(database, page, 'it is a branch without children');
};

/** How many keys of the page, which are in order, are not greater than `key`. Throws `integrity`. */
export const countUpTo = (database: Database, page: Page, key: Uint8Array): number =>
  countWhile(page, index => keyAt(database, page, index).compare(key) <= 0);

/** How many keys of the page, which are in order, are less than `key`. Throws `integrity`. */
export const countBelow = (database: Database, page: Page, key: Uint8Array): number =>
  countWhile(page, index => keyAt(database, page, index).compare(key) < 0);

const countWhile = ({ count }: Page, holds: (index: number) => boolean): number => {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
};

const wrong = ({ file }: Database, page: Page, reason: string) =>
  damaged(file.name, placeIn(page, 0), reason);
