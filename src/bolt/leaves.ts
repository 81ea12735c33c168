/** The leaves of a tree from left to right, each reached by the one way that leads to it. */
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { checkBranch, childFor, countBelow, readChild } from './descent.ts';
import { checkPlace, keyAt, newElement, readElement, tableEnd } from './element.ts';
import { type Frame, newFrame, type Page, placeIn } from './page.ts';

export type Leaf = {
  page: Page;
  /** The element that is asked for first; as many as there are where it is in the next leaf. */
  index: number;
};

export type Walk = {
  /** Where to begin: at the first key that is not less; at the first of all where it is left out. */
  from?: Uint8Array;
  /** Is told of every page but the root when it is reached, before anything in it counts. */
  visit?: (page: Page) => void;
};

/** A branch on the way, the child that is next, and where its key must begin; null where that is not known. */
type Step = { page: Page; index: number; end: number | null };

/**
 * Gives each leaf, whose bytes hold until the next one is asked for. Throws `integrity` where a branch is not as bbolt
 * writes it: without children or gaps, and with the first key of each child.
 */
export function* leaves(
  database: Database,
  root: Page,
  { from, visit }: Walk = {},
): Generator<Leaf, void, void> {
  const frames: Frame[] = [];
  const way: Page[] = [];
  const steps: Step[] = [];
  const element = newElement();
  /** Only the way to the first leaf is chosen; whatever lies to its right is wanted from its beginning. */
  let first = from;

  let page = root;
  for (;;) {
    if (page.kind === 'branch') {
      checkBranch(database, page);
      const index = first ? childFor(database, page, first) : 0;
      way.push(page);
      steps.push({ page, index, end: index === 0 ? tableEnd(page) : null });
    } else {
      yield { page, index: first ? countBelow(database, page, first) : 0 };
      first = undefined;
    }
    while (steps.at(-1)?.index === steps.at(-1)?.page.count) {
      if (!steps.pop()) return;
      way.pop();
    }
    const step = steps.at(-1);
    if (!step) return;
    readElement(database, step.page, step.index, element);
    step.end = checkPlace(database, step.page, step.index, element, step.end);
    const depth = steps.length;
    frames[depth] ??= newFrame();
    page = readChild(database, way, step.index, frames[depth]);
    visit?.(page);
    checkFirst(database, step, page);
    step.index++;
  }
}

/** bbolt names each child by its first key, and removes a page when it is empty (bbolt: node.go, spill and rebalance). */
const checkFirst = (database: Database, { page, index }: Step, child: Page): void => {
  const wrong = (reason: string) => damaged(database.file.name, placeIn(child, 0), reason);
  if (child.count === 0) throw wrong('it is empty, and not the root of its tree');
  const [own, said] = [keyAt(database, child, 0), keyAt(database, page, index)];
  if (!own.equals(said))
    throw wrong(`its first key is ${shown(own)}, and ${shown(said)} in the branch of page ${page.id}`);
};

/** In hexadecimal digits, so that it can be found in the file. */
const shown = (key: Buffer): string =>
  key.length <= 40 ? key.toString('hex') : `${key.toString('hex', 0, 40)}…`;
