/**
 * The pages that are free: a list in pages of its own, where bbolt was told to write it (bbolt: internal/freelist).
 * etcd tells it so on every system but Linux (etcd: server/storage/backend/config_linux.go).
 */
import type { Bitmap } from './bitmap.ts';
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { idAt } from './page.ts';

export type Free = {
  /** How many are free. */
  pages: number;
  /** How many the list takes; null without one. */
  own: number | null;
};

/**
 * Reads the list, when there is one, against the pages that were reached from the root, to which it adds its own and
 * those it has. Throws `integrity` where a page is free and in use, is listed twice, or is neither.
 */
export const readFreelist = (database: Database, taken: Bitmap): Free => {
  const { file, meta } = database;
  const { freelist, highWater, pageSize } = meta;
  if (freelist === null) return { pages: highWater - taken.count(), own: null };
  const start = freelist * pageSize;
  const wrong = (offset: number, reason: string) =>
    damaged(file.name, { page: freelist, offset: start + offset }, reason);
  const take = (page: number): boolean => {
    const mine = !taken.has(page);
    taken.set(page);
    return mine;
  };

  const header = file.read(start, headerSize + idSize);
  if (idAt(header, 0) !== freelist) throw wrong(0, `it says that it is page ${idAt(header, 0)}`);
  const flags = header.readUInt16LE(8);
  if (flags !== freelistFlag) throw wrong(0, `it is not the list of free pages (flags ${flags})`);
  const own = header.readUInt32LE(12) + 1;
  if (freelist + own > highWater) throw wrong(0, `it goes on over ${own - 1} pages, beyond ${highWater}`);
  for (let page = freelist; page < freelist + own; page++)
    if (!take(page)) throw wrong(0, `page ${page} of the list of free pages is in use for something else`);

  // A count that does not fit into its two bytes is the first of the list.
  const short = header.readUInt16LE(10);
  const counted = short === 0xffff;
  const count = counted ? idAt(header, headerSize) : short;
  const first = headerSize + (counted ? idSize : 0);
  if (first + count * idSize > own * pageSize) throw wrong(0, `${count} ids do not fit into ${own} pages`);

  const chunk = Buffer.allocUnsafe(pageSize);
  for (let done = 0; done < count; ) {
    const offset = first + done * idSize;
    const ids = chunk.subarray(0, Math.min(chunk.length, (count - done) * idSize));
    file.fill(ids, 0, start + offset);
    for (let at = 0; at < ids.length; at += idSize, done++) {
      const page = idAt(ids, at);
      if (page < 2 || page >= highWater)
        throw wrong(offset + at, `page ${page} is said to be free, of ${highWater}`);
      if (!take(page))
        throw wrong(offset + at, `page ${page} is said to be free, and is in use or listed twice`);
    }
  }
  if (taken.count() < highWater) {
    let lost = 0;
    while (taken.has(lost)) lost++;
    throw wrong(0, `page ${lost} is neither in use nor free`);
  }
  return { pages: count, own };
};

const freelistFlag = 0x10;
const headerSize = 16;
const idSize = 8;
