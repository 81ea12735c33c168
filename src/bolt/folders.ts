/**
 * What the keys of a database come to, by the part of them up to a slash: in bounded memory, however many there are. A
 * folder with too many others in it swallows them, and says so; every record counts in exactly one row.
 */
import { addRecord, addSums, emptySums, type Sums } from './sums.ts';

export type Folder = Sums & {
  /** The first bytes of its keys, the last slash with them, a character a byte (latin1); empty for keys without any. */
  prefix: string;
  /** Its row stands for all below it, because that was too much. */
  whole: boolean;
};

export type Folders = {
  /** The key is the bytes from `start` to `end`; `size` is of its record, which lives or is past. */
  add(bytes: Buffer, record: { start: number; end: number; size: number; live: boolean }): void;
  /** In no order. */
  rows(): Folder[];
};

/** Counts `depth` levels below `prefix`, which every key that is added begins with. */
export const newFolders = (prefix: Uint8Array, depth: number, limit = rowLimit): Folders => {
  let rows = new Map<string, Folder>();
  const rowOf = (path: string): Folder => {
    const known = rows.get(path) ?? swallower(rows, path);
    if (known) return known;
    if (rows.size >= limit) {
      rows = swallowed(rows, limit / 2);
      return rowOf(path);
    }
    const row = { prefix: path, whole: false, ...emptySums() };
    rows.set(path, row);
    return row;
  };
  return {
    add: (bytes, { start, end, size, live }) =>
      addRecord(
        rowOf(bytes.toString('latin1', start, endOfFolder(bytes, prefix, depth, start, end))),
        size,
        live,
      ),
    rows: () => [...rows.values()],
  };
};

// With a folder's own text, some 25 MiB at most.
const rowLimit = 30_000;
const longest = 512;
const slash = 0x2f;

/**
 * Where the folder of a key ends, which is the bytes from `start` to `end`: behind the last slash that counts. One at the
 * beginning of what follows the prefix is no level of its own.
 */
export const endOfFolder = (
  bytes: Uint8Array,
  prefix: Uint8Array,
  depth: number,
  start = 0,
  end = bytes.length,
): number => {
  const from = start + prefix.length;
  const last = Math.min(end, start + longest);
  let folder = start + prefix.lastIndexOf(slash) + 1;
  let level = 0;
  for (let at = from; at < last && level < depth; at += 1) {
    if (bytes[at] !== slash) continue;
    folder = at + 1;
    if (at > from) level += 1;
  }
  return folder;
};

/** The folder above that has swallowed what is below it. */
const swallower = (rows: Map<string, Folder>, path: string): Folder | null => {
  for (let above = parentOf(path); above !== null; above = parentOf(above)) {
    const row = rows.get(above);
    if (row?.whole) return row;
  }
  return null;
};

/** The folders with the most others directly in them swallow all below them, until there are at most `target`. */
const swallowed = (rows: Map<string, Folder>, target: number): Map<string, Folder> => {
  const inside = new Map<string, number>();
  for (const prefix of rows.keys()) {
    const parent = parentOf(prefix);
    if (parent !== null) inside.set(parent, (inside.get(parent) ?? 0) + 1);
  }
  const whole = new Set<string>();
  let left = rows.size;
  for (const [prefix, count] of [...inside].toSorted(([, a], [, b]) => b - a)) {
    if (left <= target) break;
    whole.add(prefix);
    left -= count - (rows.has(prefix) ? 0 : 1);
  }
  const merged = new Map<string, Folder>();
  for (const row of rows.values()) {
    const prefix = highest(whole, row.prefix);
    const known = merged.get(prefix);
    if (known) addSums(known, row);
    else merged.set(prefix, { ...row, prefix, whole: row.whole || whole.has(prefix) });
  }
  return merged.size <= target ? merged : swallowed(merged, target);
};

const highest = (whole: Set<string>, prefix: string): string => {
  let found = prefix;
  for (let above = parentOf(prefix); above !== null; above = parentOf(above))
    if (whole.has(above)) found = above;
  return found;
};

/** `/a/` for `/a/b/`; null for the empty one. */
const parentOf = (prefix: string): string | null =>
  prefix === '' ? null : prefix.slice(0, prefix.slice(0, -1).lastIndexOf('/') + 1);
