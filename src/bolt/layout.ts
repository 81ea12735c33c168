/** How the pages of a database are used, and how many it would have if it were written anew. */
import type { Structure } from './structure.ts';

export type Layout = {
  pageSize: number;
  /** All pages below the high-water mark: what the database occupies. */
  pages: number;
  /** Those that no bucket reaches. */
  freePages: number;
  /** What a defragmentation would leave, within a few hundredths. */
  pagesAnew: number;
};

/**
 * `keyPages` are those that the bucket `key` would have. The other buckets are small beside it and counted by their bytes,
 * with a tenth of each page empty, as etcd asks for (etcd: server/storage/backend/backend.go, defragdb).
 */
export const layoutOf = ({ pageSize, pages, freePages, buckets }: Structure, keyPages: number): Layout => {
  const others = buckets
    .filter(({ name, pages }) => name !== 'key' && pages > 0)
    .map(({ entries, bytes }) => Math.ceil((16 * entries + bytes) / (0.9 * pageSize)));
  // Two meta pages, one for the list of free pages, and the root bucket, whose buckets are few.
  return { pageSize, pages, freePages, pagesAnew: others.reduce((sum, one) => sum + one, 4 + keyPages) };
};
