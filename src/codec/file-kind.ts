/** What a file is, by its first bytes. */
import { armorHead } from './armor.ts';

export type Kind = 'database' | 'zstd' | 'gzip' | 'age' | 'age armor';

export type Unread = {
  /** The kind's name, for a person. */
  unread: string;
  hint: string;
};

/** The most bytes that are needed to tell. */
export const headSize = 64 * 1024 + 32;

/** The kind, one that is known but not read, or null. `head` is the first `headSize` bytes, or all there are. */
export const kindOf = (head: Buffer): Kind | Unread | null => {
  if (begins(head, '28b52ffd') || /^5[0-9a-f]2a4d18/.test(head.toString('hex', 0, 4))) return 'zstd';
  if (begins(head, '1f8b')) return 'gzip';
  const text = head.toString('latin1', 0, 1200);
  if (text.startsWith('age-encryption.org/')) return 'age';
  if (text.trimStart().startsWith(armorHead)) return 'age armor';
  const other = unread.find(({ at, magic }) => begins(head.subarray(at), magic));
  if (other) return other;
  // Last: what is packed can have a database's mark in its first bytes, as it stood there or by chance.
  return isDatabase(head) ? 'database' : null;
};

/**
 * A bbolt database has its magic number after the 16 bytes of a page's header, on its first two pages, of which one
 * is enough; a page is as large as a memory page of the machine that made it.
 */
const isDatabase = (head: Buffer): boolean =>
  [0, 4096, 8192, 16384, 65536].some(page => begins(head.subarray(page + 16), 'edda0ced'));

const begins = (head: Buffer, magic: string): boolean => head.toString('hex', 0, magic.length / 2) === magic;

const unpack = 'Unpack it first, then name the snapshot file that is in it.';

const unread: (Unread & { at: number; magic: string })[] = [
  { unread: 'a zip archive', at: 0, magic: '504b0304', hint: unpack },
  { unread: 'a tar archive', at: 257, magic: '7573746172', hint: unpack },
  { unread: 'compressed with xz', at: 0, magic: 'fd377a585a00', hint: unpack },
  { unread: 'compressed with bzip2', at: 0, magic: '425a68', hint: unpack },
  { unread: 'compressed with lz4', at: 0, magic: '04224d18', hint: unpack },
];
