/**
 * The two meta pages, each of which says where the root is and how far the file reaches. bbolt writes them in turn, so
 * that one is whole whenever a write is cut short (bbolt: internal/common/meta.go; db.go, meta and getPageSize).
 */
import { SnapbackError } from '../errors.ts';
import { damaged } from './damage.ts';
import type { DatabaseFile } from './file.ts';

export type MetaPage = {
  /** 0 or 1. */
  page: number;
  pageSize: number;
  /** The page of the bucket that holds all buckets. */
  root: number;
  /** Pages in use: every id is below it. */
  highWater: number;
  /** Of the transaction that wrote it; the page with the greater one counts. */
  transaction: bigint;
  /** The page of the list of free pages; null where none is written, as etcd has it on Linux (bbolt: NoFreelistSync). */
  freelist: number | null;
  /**
   * Why the other one does not count, where it is damaged; null where both are whole. A database whose machine died in
   * the middle of a write has one; a snapshot never has.
   */
  other: string | null;
};

/**
 * The newest of the two that is valid. Throws `integrity` where none is, where it points beyond its own pages, and
 * where the file is shorter than the pages that it speaks of.
 */
export const readMetaPage = (file: DatabaseFile): MetaPage => {
  const first = parseAt(file, 0, 0);
  const second = secondOf(file, typeof first === 'string' ? null : first.pageSize);
  const valid = [first, second].filter(one => typeof one !== 'string');
  // The first where they are equal, as bbolt has it.
  const newest = valid.reduceRight<Raw | null>(
    (best, one) => (best && best.transaction > one.transaction ? best : one),
    null,
  );
  if (!newest) throw none(file, `${first}`, `${second}`);
  const damage = [first, second].findIndex(one => typeof one === 'string');
  const other = damage === -1 ? null : `meta page ${damage} ${[first, second][damage]}`;
  return { ...checked(file, newest), other };
};

type Raw = { page: number; offset: number; pageSize: number; transaction: bigint; bytes: Buffer };

/** Only a valid first page says where the second is: else it is looked for at every size that a page can have. */
const secondOf = (file: DatabaseFile, pageSize: number | null): Raw | string => {
  if (pageSize !== null) return parseAt(file, 1, pageSize);
  for (const size of pageSizes) {
    const found = parseAt(file, 1, size);
    if (typeof found !== 'string' && found.pageSize === size) return found;
  }
  return 'is nowhere to be found';
};

// A page of the machine, as Go knows it (Go: runtime/malloc.go, minPhysPageSize and maxPhysPageSize).
const pageSizes = [4, 8, 16, 32, 64, 128, 256, 512].map(size => size * 1024);

const headerSize = 16;
const bodySize = 64;
const noFreelist = 2n ** 64n - 1n;
const magic = 0xed0cdaed;
const version = 2;
// With a count and an overflow of none, as bbolt always has it.
const metaFlag = 4n;

/** Why it is not valid, as a text. */
const parseAt = (file: DatabaseFile, page: number, offset: number): Raw | string => {
  if (offset + headerSize + bodySize > file.size) return `would begin at byte ${offset}, where the file ends`;
  const all = file.read(offset, headerSize + bodySize);
  const bytes = all.subarray(headerSize);
  const at = `at byte ${offset}`;
  if (all.readBigUInt64LE(0) !== BigInt(page) || all.readBigUInt64LE(8) !== metaFlag)
    return `${at} has not the header of one`;
  if (bytes.readUInt32LE(0) !== magic) return `${at} has not the mark of a bbolt database`;
  if (bytes.readUInt32LE(4) !== version) return `${at} is of format ${bytes.readUInt32LE(4)}, not ${version}`;
  if (bytes.readBigUInt64LE(56) !== fnv1a(bytes.subarray(0, 56))) return `${at} does not match its checksum`;
  const pageSize = bytes.readUInt32LE(8);
  if (!pageSizes.includes(pageSize)) return `${at} speaks of pages of ${pageSize} bytes`;
  return { page, offset, pageSize, transaction: bytes.readBigUInt64LE(48), bytes };
};

const checked = (file: DatabaseFile, { bytes, offset, ...raw }: Raw): Omit<MetaPage, 'other'> => {
  const wrong = (at: number, reason: string) =>
    damaged(file.name, { page: raw.page, offset: offset + headerSize + at }, reason);
  const highWater = bytes.readBigUInt64LE(40);
  if (highWater * BigInt(raw.pageSize) > BigInt(file.size))
    throw wrong(
      40,
      `the database has ${highWater} pages of ${raw.pageSize} bytes, and the file holds ${Math.floor(file.size / raw.pageSize)}: it is cut short`,
    );
  const root = bytes.readBigUInt64LE(16);
  if (root < 2n || root >= highWater) throw wrong(16, `the root is said to be page ${root} of ${highWater}`);
  const freelist = bytes.readBigUInt64LE(32);
  if (freelist !== noFreelist && (freelist < 2n || freelist >= highWater))
    throw wrong(32, `the list of free pages is said to be page ${freelist} of ${highWater}`);
  return {
    ...raw,
    root: Number(root),
    highWater: Number(highWater),
    freelist: freelist === noFreelist ? null : Number(freelist),
  };
};

/** FNV-1a of 64 bits (draft-eastlake-fnv). */
const fnv1a = (bytes: Uint8Array): bigint => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
};

const none = (file: DatabaseFile, first: string, second: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: file.name,
    reason: `has no valid meta page: page 0 ${first}, page 1 ${second}`,
    hint: 'It is no database of etcd, or it is damaged at its beginning: use another copy or another snapshot.',
  });
