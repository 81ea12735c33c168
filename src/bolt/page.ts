/**
 * A branch or leaf page: a window of the file that begins with a header of 16 bytes and a table of elements. It may
 * reach over the pages that follow (overflow), or lie inside a value (the inline page of a small bucket)
 * (bbolt: internal/common/page.go).
 */
import { damaged, type Place } from './damage.ts';
import type { Database } from './database.ts';

export type Page = {
  /** The page of the file that it begins in. */
  id: number;
  kind: 'branch' | 'leaf';
  /** How many elements it has. */
  count: number;
  /** How many pages follow that belong to it. */
  overflow: number;
  /** Where its header is, in bytes from the beginning of the file. */
  start: number;
  /** Bytes from there, with header and overflow. */
  size: number;
  /** Its first bytes: the whole of it where it is small, the whole table of elements at least. */
  head: Buffer;
};

export const headerSize = 16;
export const elementSize = 16;

/** What a page is read into; the next one that is read into it overwrites it. */
export type Frame = { bytes: Buffer };

export const newFrame = (): Frame => ({ bytes: Buffer.alloc(0) });

/**
 * Reads the page with that id, which `from` points to, into a frame. Throws `integrity` where there is no such page or
 * it is another.
 */
export const readPage = (database: Database, id: number, from: Place, frame: Frame = newFrame()): Page => {
  const { file, meta } = database;
  const { pageSize, highWater } = meta;
  if (id < 2 || id >= highWater)
    throw damaged(file.name, from, `it points to page ${id}, and the tree is in pages 2 to ${highWater - 1}`);
  const start = id * pageSize;
  let head = filled(database, frame, start, 0, pageSize);
  const at = { page: id, offset: start };
  const ownId = idAt(head, 0);
  if (ownId !== id) throw damaged(file.name, at, `it says that it is page ${ownId}`);
  const overflow = head.readUInt32LE(12);
  if (id + overflow >= highWater)
    throw damaged(
      file.name,
      at,
      `it goes on over ${overflow} pages, beyond the last of ${highWater} in the file`,
    );
  const size = (overflow + 1) * pageSize;
  const { kind, count, table } = checkedHeader(database, at, head, size);
  const wanted = Math.max(table, Math.min(size, headLimit));
  if (wanted > head.length) head = filled(database, frame, start, pageSize, wanted);
  return { id, kind, count, overflow, start, size, head };
};

// Of a page with larger values only the table is held, and each value is read when it is asked for.
const headLimit = 128 * 1024;

/** Reads the first `to` bytes at `start` into a frame, which has the first `have` of them already. */
export const filled = ({ file }: Database, frame: Frame, start: number, have: number, to: number): Buffer => {
  if (frame.bytes.length < to) {
    const larger = Buffer.allocUnsafeSlow(to);
    frame.bytes.copy(larger, 0, 0, have);
    frame.bytes = larger;
  }
  const head = frame.bytes.subarray(0, to);
  file.fill(head, have, start + have);
  return head;
};

/** The inline page in a value, `size` bytes at `at`. Throws `integrity` where it is none. */
export const readInlinePage = (database: Database, at: Place, size: number): Page => {
  const { file, meta } = database;
  // bbolt gives a bucket pages of its own beyond a quarter of one (bbolt: bucket.go, inlineable).
  if (size < headerSize || size > meta.pageSize)
    throw damaged(file.name, at, `a page inside a value cannot have ${size} bytes`);
  const head = file.read(at.offset, size);
  if (head.readBigUInt64LE(0) !== 0n || head.readUInt32LE(12) !== 0 || head.readUInt16LE(8) !== leafFlag)
    throw damaged(file.name, at, 'the page inside the value has not the header of one');
  const { kind, count } = checkedHeader(database, at, head, size);
  if (count === 0 && size > headerSize)
    throw damaged(file.name, at, `the page inside the value is empty, and has ${size} bytes`);
  return { id: at.page, kind, count, overflow: 0, start: at.offset, size, head };
};

const branchFlag = 1;
const leafFlag = 2;

const checkedHeader = (
  { file }: Database,
  at: Place,
  head: Buffer,
  size: number,
): Pick<Page, 'kind' | 'count'> & { table: number } => {
  const flags = head.readUInt16LE(8);
  if (flags !== branchFlag && flags !== leafFlag)
    throw damaged(file.name, at, `it is neither branch nor leaf (flags ${flags})`);
  const count = head.readUInt16LE(10);
  const table = headerSize + count * elementSize;
  if (table > size) throw damaged(file.name, at, `${count} elements do not fit into ${size} bytes`);
  return { kind: flags === leafFlag ? 'leaf' : 'branch', count, table };
};

/** The id of a page as it is written; beyond 2^53 only nearly, which no file reaches. */
export const idAt = (bytes: Buffer, offset: number): number =>
  bytes.readUInt32LE(offset + 4) * 2 ** 32 + bytes.readUInt32LE(offset);

/** Whether it lies inside a value. */
export const isInline = ({ meta }: Database, { id, start }: Page): boolean => start !== id * meta.pageSize;

/** The place of the byte `offset` of a page. */
export const placeIn = ({ id, start }: Page, offset: number): Place => ({ page: id, offset: start + offset });
