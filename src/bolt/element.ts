/** The elements of a page: where key and value are, found to lie inside the page before anything is read. */
import { damaged, type Place } from './damage.ts';
import type { Database } from './database.ts';
import { elementSize, headerSize, type Page, readInPage } from './page.ts';

/** A range of the file. */
export type Range = Place & { size: number };

/** Of a branch page: the id of a child, and where that id stands. */
export type Child = { id: bigint; from: Place };

/** Of a leaf page: a value, which is the header of a bucket where `bucket` is true. */
export type Value = Range & { bucket: boolean };

/** The child at `index`. */
export const childAt = (page: Page, index: number): Child => {
  const offset = offsetOf(index);
  return { id: page.head.readBigUInt64LE(offset + 8), from: placeIn(page, offset) };
};

/** The value at `index` of a leaf. Throws `integrity` where it lies outside the page. */
export const valueAt = (database: Database, page: Page, index: number): Value => {
  const { offset, size, valueSize } = keyRange(database, page, index);
  return {
    ...placeIn(page, offset + size),
    size: valueSize,
    bucket: (page.head.readUInt32LE(offsetOf(index)) & bucketFlag) !== 0,
  };
};

/** The key at `index`. Throws `integrity` where it lies outside the page, or is none. */
export const keyAt = async (database: Database, page: Page, index: number): Promise<Buffer> => {
  const { offset, size } = keyRange(database, page, index);
  return await readInPage(database, page, offset, size);
};

const bucketFlag = 1;
// bbolt: MaxKeySize.
const maxKeySize = 32768;

/** Of a leaf: flags, position, size of key and value; of a branch: position, size of the key, id of the child. */
const keyRange = (
  { file }: Database,
  page: Page,
  index: number,
): { offset: number; size: number; valueSize: number } => {
  const element = offsetOf(index);
  const leaf = page.kind === 'leaf';
  const position = page.head.readUInt32LE(element + (leaf ? 4 : 0));
  const size = page.head.readUInt32LE(element + (leaf ? 8 : 4));
  const valueSize = leaf ? page.head.readUInt32LE(element + 12) : 0;
  const offset = element + position;
  const wrong = (reason: string) =>
    damaged(file.name, placeIn(page, element), `element ${index} of ${page.count} ${reason}`);
  if (size === 0 || size > maxKeySize) throw wrong(`has a key of ${size} bytes`);
  if (offset < offsetOf(page.count)) throw wrong('has its key inside the table of elements');
  if (offset + size + valueSize > page.size) throw wrong('reaches beyond its page');
  return { offset, size, valueSize };
};

const offsetOf = (index: number): number => headerSize + index * elementSize;

const placeIn = (page: Page, offset: number): Place => ({ page: page.id, offset: page.start + offset });
