/** The keys of a snapshot by the part of them up to a slash. */
import { endOfFolder, type Folder } from '../bolt/folders.ts';
import { addSums, type Sums } from '../bolt/sums.ts';
import { type KeyFields, keyFields } from './key-fields.ts';
import { largestFirst, type Others } from './largest-first.ts';

/** `key` is the prefix with its last slash, empty for keys without one. */
export type PrefixRow = KeyFields &
  Sums & {
    /** It stands for all that is below it, because there was too much to be counted one by one. */
    whole: boolean;
  };

export type PrefixRows = {
  depth: number;
  /** The largest first; every key is in one row alone. */
  rows: PrefixRow[];
  /** What more rows come to; null where there are no more. */
  other: Others | null;
};

/** Adds the folders up to `depth` levels below `prefix`. */
export const byPrefix = (folders: Folder[], prefix: Uint8Array, depth: number): PrefixRows => {
  const merged = new Map<string, Folder>();
  for (const folder of folders) {
    const end = endOfFolder(Buffer.from(folder.prefix, 'latin1'), prefix, depth);
    const own = folder.prefix.slice(0, end);
    const whole = folder.whole && own === folder.prefix;
    const row = merged.get(own);
    if (row) {
      addSums(row, folder);
      row.whole ||= whole;
    } else merged.set(own, { ...folder, prefix: own, whole });
  }
  const { rows, other } = largestFirst([...merged.values()]);
  const named = rows.map(({ prefix, ...row }) => ({ ...keyFields(Buffer.from(prefix, 'latin1')), ...row }));
  return { depth, rows: named, other };
};
