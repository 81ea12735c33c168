/**
 * The check of a whole file: every page is reached by one way from the root or is free, the trees are in order, and
 * nothing goes on without an end (bbolt: tx_check.go checks the same, but for what it takes from the pages as it is).
 */
import { type Bitmap, bitmap } from './bitmap.ts';
import { bucketAt, rootBucket } from './bucket.ts';
import { damaged } from './damage.ts';
import type { Database } from './database.ts';
import { elementAt } from './element.ts';
import { type Entry, entries, valueWithin } from './entries.ts';
import { readFreelist } from './freelist.ts';
import { headerSize, isInline, type Page, placeIn } from './page.ts';

export type Structure = {
  /** In bytes. */
  pageSize: number;
  /** All below the high-water mark, the two meta pages included; each is in use, free, or holds the list of free ones. */
  pages: number;
  branchPages: number;
  leafPages: number;
  /** Those that go on with a larger branch or leaf. */
  overflowPages: number;
  freePages: number;
  /** That the list of free ones takes; null where none is written: then all that is not reached is free. */
  freelistPages: number | null;
  /** Of the branches and leaves: headers, tables, keys and values, without what the last page of each leaves empty. */
  bytesInUse: number;
  /** In the file behind the last page: 32 of etcd's trailer; more in a database that has room to grow. */
  bytesBehind: number;
  /** What is wrong with the meta page that does not count; null where both are whole, as in every snapshot. */
  otherMeta: string | null;
  /** By name, in order. */
  buckets: BucketFacts[];
};

export type BucketFacts = {
  name: string;
  entries: number;
  /** Of all keys and values. */
  bytes: number;
  /** Of its branches and leaves with overflow; 0 where it lies inside the root. */
  pages: number;
};

/** By the name of a bucket: is given each of its entries, which are good until it returns. */
export type Takers = { [bucket: string]: (entry: Entry) => void };

/**
 * Reads every page that is in use, once. Throws `integrity` for the first thing that is not as bbolt writes it, and
 * what a taker throws.
 */
export const checkStructure = (database: Database, takers: Takers = {}): Structure => {
  const { pageSize, highWater, other } = database.meta;
  const reached = bitmap();
  const facts = { branchPages: 0, leafPages: 0, overflowPages: 0, bytesInUse: 0 };
  const visit = (page: Page) => {
    reach(database, reached, page);
    facts[page.kind === 'leaf' ? 'leafPages' : 'branchPages']++;
    facts.overflowPages += page.overflow;
    facts.bytesInUse += usedIn(database, page);
  };
  reached.set(0);
  reached.set(1);
  const root = rootBucket(database);
  visit(root.root);
  const buckets = Array.from(entries(database, root, undefined, visit), entry => {
    const name = entry.key.toString();
    const before = reached.count();
    const { count, bytes } = checkBucket(database, entry, visit, takers[name]);
    return { name, entries: count, bytes, pages: reached.count() - before };
  });
  const free = readFreelist(database, reached);
  return {
    pageSize,
    pages: highWater,
    ...facts,
    freePages: free.pages,
    freelistPages: free.own,
    bytesBehind: database.file.size - highWater * pageSize,
    otherMeta: other,
    buckets,
  };
};

/** Takes all pages of a page as reached. Throws `integrity` where one was reached before. */
const reach = ({ file }: Database, reached: Bitmap, page: Page): void => {
  for (let id = page.id; id <= page.id + page.overflow; id++) {
    if (reached.has(id)) throw damaged(file.name, placeIn(page, 0), `page ${id} is reached by two ways`);
    reached.set(id);
  }
};

/** Of a page, up to the end of its last element, behind which there is nothing. */
const usedIn = (database: Database, page: Page): number => {
  if (page.count === 0) return headerSize;
  const { start, keySize, valueSize } = elementAt(database, page, page.count - 1);
  return start + keySize + valueSize;
};

// etcd has buckets in the root only; bbolt sets no limit.
const depthLimit = 32;

/** Goes through the bucket whose header an entry has, and those inside it, whose entries count as its own. */
const checkBucket = (
  database: Database,
  header: Entry,
  visit: (page: Page) => void,
  take?: (entry: Entry) => void,
  depth = 1,
): { count: number; bytes: number } => {
  const wrong = (reason: string) => damaged(database.file.name, header.place, reason);
  if (!header.bucket) throw wrong('there is a value beside the buckets');
  if (depth > depthLimit) throw wrong(`there are buckets in buckets, ${depth} deep`);
  const bucket = bucketAt(database, valueWithin(header), header.key.toString());
  if (!isInline(database, bucket.root)) visit(bucket.root);
  const sum = { count: 0, bytes: 0 };
  for (const entry of entries(database, bucket, undefined, visit)) {
    sum.count++;
    sum.bytes += entry.end - entry.start;
    take?.(entry);
    if (entry.bucket) {
      const inner = checkBucket(database, entry, visit, undefined, depth + 1);
      sum.count += inner.count;
      sum.bytes += inner.bytes;
    }
  }
  return sum;
};
