/** The elements of a page: where key and value are, found to lie inside the page before anything is read. */
import { damaged, type Place } from './damage.ts';
import type { Database } from './database.ts';
import { elementSize, headerSize, idAt, isInline, type Page, placeIn } from './page.ts';

/** A range of the file. */
export type Range = Place & { size: number };

/** Of a leaf page: a value, which is the header of a bucket where `bucket` is true. */
export type Value = Range & { bucket: boolean };

/** Where the key and the value of an element are, in bytes of its page; the value follows the key. */
export type Element = { flags: number; start: number; keySize: number; valueSize: number };

/** The element at `index`. Throws `integrity` where it lies outside the page, or has no key. */
export const elementAt = (database: Database, page: Page, index: number): Element => {
  const element = newElement();
  readElement(database, page, index, element);
  return element;
};

export const newElement = (): Element => ({ flags: 0, start: 0, keySize: 0, valueSize: 0 });

/**
 * The same into an element that is there. Of a leaf the table has flags, position, size of key and value; of a branch
 * position, size of the key, id of the child.
 */
export const readElement = (database: Database, page: Page, index: number, element: Element): void => {
  const { head, count, size } = page;
  const at = offsetOf(index);
  const leaf = page.kind === 'leaf';
  const first = leaf ? at + 4 : at;
  element.flags = leaf ? head.readUInt32LE(at) : 0;
  element.start = at + head.readUInt32LE(first);
  element.keySize = head.readUInt32LE(first + 4);
  element.valueSize = leaf ? head.readUInt32LE(at + 12) : 0;
  const { start, keySize, valueSize } = element;
  if (keySize === 0 || keySize > maxKeySize)
    throw wrongElement(database, page, index, `has a key of ${keySize} bytes`);
  if (start < offsetOf(count))
    throw wrongElement(database, page, index, 'has its key inside the table of elements');
  if (start + keySize + valueSize > size)
    throw wrongElement(database, page, index, 'reaches beyond its page');
};

// bbolt: MaxKeySize.
export const maxKeySize = 32768;

/**
 * Where the element at `index` ends; it has to begin at `end`, if that is not null, and the last has to leave no page
 * over. bbolt writes keys and values one after the other behind the table, into as many pages as they need, and before
 * 1.4 one more where they fill all of them (bbolt: internal/common/inode.go; node.go, spill). Throws `integrity`.
 */
export const checkPlace = (
  database: Database,
  page: Page,
  index: number,
  { start, keySize, valueSize }: Element,
  end: number | null,
): number => {
  if (end !== null && start !== end)
    throw wrongElement(database, page, index, 'does not begin where the one before it ends');
  const own = start + keySize + valueSize;
  if (index === page.count - 1 && page.size - own > (isInline(database, page) ? 0 : database.meta.pageSize))
    throw wrongElement(database, page, index, `is the last, and leaves ${page.size - own} bytes of its page`);
  return own;
};

/** What is wrong with the element at `index`; `reason` reads on from it. */
export const wrongElement = ({ file }: Database, page: Page, index: number, reason: string) =>
  damaged(file.name, placeIn(page, offsetOf(index)), `element ${index} of ${page.count} ${reason}`);

/** The id of the child at `index` of a branch, and where that id stands. */
export const childAt = (page: Page, index: number): { id: number; from: Place } => {
  const offset = offsetOf(index);
  return { id: idAt(page.head, offset + 8), from: placeIn(page, offset) };
};

/** The key at `index`: in the page where it has it in memory, else a buffer of its own. Throws `integrity`. */
export const keyAt = (database: Database, page: Page, index: number): Buffer => {
  const { start, keySize } = elementAt(database, page, index);
  return start + keySize <= page.head.length
    ? page.head.subarray(start, start + keySize)
    : database.file.read(page.start + start, keySize);
};

/** The value at `index` of a leaf. Throws `integrity` where it lies outside the page. */
export const valueAt = (database: Database, page: Page, index: number): Value => {
  const { flags, start, keySize, valueSize } = elementAt(database, page, index);
  return { ...placeIn(page, start + keySize), size: valueSize, bucket: (flags & bucketFlag) !== 0 };
};

export const bucketFlag = 1;

/** Where the table of elements ends, and the first key begins. */
export const tableEnd = ({ count }: Page): number => offsetOf(count);

const offsetOf = (index: number): number => headerSize + index * elementSize;
