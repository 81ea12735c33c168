/**
 * Rows by key, of which the last of each key counts, in the order of the keys, and in bounded memory: what is too many is
 * sorted in runs, each a file in the scratch folder, which are merged.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { from } from '../errors.ts';
import { fileTrouble } from '../file-trouble.ts';
import { rowSize } from './live-row.ts';
import { newRowTable, type RowTable } from './row-table.ts';

/** One row: its key a character a byte (latin1), and where it is. Holds until the next. */
export type Sorted = { key: string; rows: Buffer; at: number };

export type SortedRuns = {
  /** The place for the row of a key, whose older one it takes. It is to be filled before the next is asked for. */
  place(bytes: Buffer, start: number, end: number): { rows: Buffer; at: number };
  /** Once, after the last. */
  sorted(): Generator<Sorted, void, void>;
  [Symbol.dispose](): void;
};

const memory = 8 * 1024 * 1024;

/** Throws `failed` where the disk cannot take the files, which have no name and are gone however the process ends. */
export const openSortedRuns = (scratch: string, limit = memory): SortedRuns => {
  let table = newRowTable(limit);
  const files: number[] = [];
  const spill = () => {
    const handle = tried(scratch, () => openNameless(scratch));
    files.push(handle);
    tried(scratch, () => writeRun(handle, table));
    table.clear();
  };
  return {
    place: (bytes, start, end) => {
      const at = table.place(bytes, start, end);
      if (at >= 0) return { rows: table.rows, at };
      spill();
      return { rows: table.rows, at: table.place(bytes, start, end) };
    },
    sorted: function* () {
      if (files.length === 0) {
        yield* sortedRows(table);
        return;
      }
      spill();
      // Its memory is needed for what follows.
      table = newRowTable(0);
      yield* newest(files.map(handle => readRun(scratch, handle)));
    },
    [Symbol.dispose]: () => {
      for (const handle of files) closeSync(handle);
    },
  };
};

const openNameless = (scratch: string): number => {
  const path = join(scratch, `keys-${randomBytes(8).toString('hex')}`);
  const handle = openSync(path, 'wx+', 0o600);
  rmSync(path);
  return handle;
};

function* sortedRows({ rows, inOrder }: RowTable): Generator<Sorted, void, void> {
  for (const { key, at } of inOrder()) yield { key, rows, at };
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const blockSize = 256 * 1024;
// As many as there are runs are held at once.
const readSize = 32 * 1024;

const writeRun = (handle: number, table: RowTable): void => {
  let block = Buffer.allocUnsafe(blockSize);
  let filled = 0;
  const flush = () => {
    for (let done = 0; done < filled; ) done += writeSync(handle, block, done, filled - done);
    filled = 0;
  };
  for (const { key, rows, at } of sortedRows(table)) {
    const size = 4 + key.length + rowSize;
    if (filled + size > block.length) flush();
    if (size > block.length) block = Buffer.allocUnsafe(size);
    filled = block.writeUInt32LE(key.length, filled);
    filled += block.write(key, filled, 'latin1');
    filled += rows.copy(block, filled, at, at + rowSize);
  }
  flush();
};

function* readRun(scratch: string, handle: number): Generator<Sorted, void, void> {
  let [block, start, end, offset] = [Buffer.allocUnsafe(readSize), 0, 0, 0];
  /** Has `size` bytes from `start` on; false at the end of the file. */
  const has = (size: number): boolean => {
    if (end - start >= size) return true;
    const larger = size > block.length ? Buffer.allocUnsafe(size) : block;
    end = block.copy(larger, 0, start, end);
    [block, start] = [larger, 0];
    const count = tried(scratch, () => readSync(handle, block, end, block.length - end, offset));
    offset += count;
    end += count;
    return count > 0 && has(size);
  };
  while (has(4)) {
    const size = block.readUInt32LE(start);
    if (!has(4 + size + rowSize)) return;
    const key = block.toString('latin1', start + 4, start + 4 + size);
    const at = start + 4 + size;
    start = at + rowSize;
    yield { key, rows: block, at };
  }
}

/** Merges runs, of which each later one is newer. */
function* newest(runs: Generator<Sorted, void, void>[]): Generator<Sorted, void, void> {
  const heads = runs.flatMap((run, age) => headOf(run, age));
  const heap = heads.sort(before);
  for (;;) {
    const first = heap[0];
    if (first === undefined) return;
    const { key } = first.row;
    yield first.row;
    // The older ones of the same key, and the one that was told.
    while (heap[0]?.row.key === key) advance(heap);
  }
}

type Head = { run: Generator<Sorted, void, void>; age: number; row: Sorted };

const headOf = (run: Generator<Sorted, void, void>, age: number): Head[] => {
  const { value } = run.next();
  return value ? [{ run, age, row: value }] : [];
};

/** Negative where `a` comes first; of one key the newest. */
const before = (a: Head, b: Head): number => byBytes(a.row.key, b.row.key) || b.age - a.age;

/** Takes the next row of the first run, and finds the place of that run in the heap anew. */
const advance = (heap: Head[]): void => {
  const top = heap[0];
  if (top === undefined) return;
  const { value } = top.run.next();
  if (value) top.row = value;
  else {
    const last = heap.pop();
    if (last === undefined || last === top) return;
    heap[0] = last;
  }
  for (let at = 0; ; ) {
    const least = [at, 2 * at + 1, 2 * at + 2].reduce((best, index) => {
      const [one, other] = [heap[index], heap[best]];
      return one && other && before(one, other) < 0 ? index : best;
    });
    const [one, other] = [heap[at], heap[least]];
    if (least === at || !one || !other) return;
    [heap[at], heap[least]] = [other, one];
    at = least;
  }
};

const tried = <T>(scratch: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    throw from(error, 'failed', {
      operation: 'sort the keys',
      object: `folder ${scratch}`,
      reason: fileTrouble(error),
      hint: 'Make room there, or name a folder on another disk with --scratch DIR.',
    });
  }
};
