/**
 * A branch or leaf page: a window of the file that begins with a header of 16 bytes and a table of elements. It may
 * reach over the pages that follow (overflow), or lie inside a value (the inline page of a small bucket).
 * Nothing but header and table is held (bbolt: internal/common/page.go).
 */
import { damaged, type Place } from './damage.ts';
import type { Database } from './database.ts';

export type Page = {
  /** The page of the file that it begins in. */
  id: number;
  kind: 'branch' | 'leaf';
  /** How many elements it has. */
  count: number;
  /** Where its header is, in bytes from the beginning of the file. */
  start: number;
  /** Bytes from there, with header and overflow. */
  size: number;
  /** Its first bytes, with the whole table of elements at least. */
  head: Buffer;
};

export const headerSize = 16;
export const elementSize = 16;

/** Reads the page with that id, which `from` points to. Throws `integrity` where there is no such page or it is another. */
export const readPage = async (database: Database, id: bigint, from: Place): Promise<Page> => {
  const { file, meta } = database;
  const { pageSize, highWater } = meta;
  if (id < 2n || id >= BigInt(highWater))
    throw damaged(file.name, from, `it points to page ${id}, and the tree is in pages 2 to ${highWater - 1}`);
  const window = { id: Number(id), start: Number(id) * pageSize, size: pageSize };
  const head = await file.read(window.start, pageSize);
  const at = { page: window.id, offset: window.start };
  const ownId = head.readBigUInt64LE(0);
  if (ownId !== id) throw damaged(file.name, at, `it says that it is page ${ownId}`);
  const overflow = head.readUInt32LE(12);
  if (window.id + overflow >= highWater)
    throw damaged(
      file.name,
      at,
      `it goes on over ${overflow} pages, beyond the last of ${highWater} in the file`,
    );
  return await opened(database, { ...window, size: (overflow + 1) * pageSize, head });
};

/** The inline page in a value, `size` bytes at `at`. Throws `integrity` where it is none. */
export const readInlinePage = async (database: Database, at: Place, size: number): Promise<Page> => {
  const { file, meta } = database;
  // bbolt gives a bucket pages of its own beyond a quarter of one (bbolt: bucket.go, inlineable).
  if (size < headerSize || size > meta.pageSize)
    throw damaged(file.name, at, `a page inside a value cannot have ${size} bytes`);
  const head = await file.read(at.offset, size);
  if (head.readBigUInt64LE(0) !== 0n || head.readUInt32LE(12) !== 0 || head.readUInt16LE(8) !== leafFlag)
    throw damaged(file.name, at, 'the page inside the value has not the header of one');
  return await opened(database, { id: at.page, start: at.offset, size, head });
};

const branchFlag = 1;
const leafFlag = 2;

const opened = async (
  { file }: Database,
  { head, ...window }: Pick<Page, 'id' | 'start' | 'size' | 'head'>,
): Promise<Page> => {
  const at = { page: window.id, offset: window.start };
  const flags = head.readUInt16LE(8);
  if (flags !== branchFlag && flags !== leafFlag)
    throw damaged(file.name, at, `it is neither branch nor leaf (flags ${flags})`);
  const count = head.readUInt16LE(10);
  const table = headerSize + count * elementSize;
  if (table > window.size)
    throw damaged(file.name, at, `${count} elements do not fit into ${window.size} bytes`);
  return {
    ...window,
    kind: flags === leafFlag ? 'leaf' : 'branch',
    count,
    head: table <= head.length ? head : await file.read(window.start, table),
  };
};

/** `length` bytes at `offset` of the page, which must be within its size. */
export const readInPage = async (
  { file }: Database,
  page: Page,
  offset: number,
  length: number,
): Promise<Buffer> =>
  offset + length <= page.head.length
    ? page.head.subarray(offset, offset + length)
    : await file.read(page.start + offset, length);
