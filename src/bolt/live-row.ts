/**
 * Many keys of a database in a few buffers: so they are kept, sorted, written to a disk and handed to another thread.
 * What is known of a key beside its own bytes is a row of 64 bytes.
 */
import type { History } from './history.ts';
import type { KeyRecord } from './records.ts';

/** What a row says. Its `hash` is a view that holds as long as the row. */
export type LiveRow = {
  createRevision: number;
  modRevision: number;
  version: number;
  /** 0 without one. */
  lease: bigint;
  /** Bytes of the value, and where they are in the file. */
  size: number;
  offset: number;
  deleted: boolean;
  /** The first 16 bytes of the SHA-256 of the value; zeros where nobody asked. */
  hash: Buffer;
};

/** Rows as they are handed over, one after the other. */
export type LivePart = History & {
  keys: Uint8Array;
  /** Where each key ends in `keys`. */
  ends: Uint32Array;
  rows: Uint8Array;
  /** Their values one after the other, where they were asked for. */
  values: Uint8Array | null;
};

export const rowSize = 64;
export const hashSize = 16;

/** Writes the row of a record at `at`. */
export const writeRow = (rows: Buffer, at: number, record: KeyRecord, hash: Buffer | null): void => {
  const { entry, valueStart, valueEnd } = record;
  rows.writeDoubleLE(record.createRevision, at);
  rows.writeDoubleLE(record.main, at + 8);
  rows.writeDoubleLE(record.version, at + 16);
  rows.writeBigInt64LE(record.lease, at + 24);
  // Key and value of an element lie one behind the other in the file as they do in memory.
  rows.writeDoubleLE(entry.place.offset + valueStart - entry.start, at + 32);
  rows.writeUInt32LE(valueEnd - valueStart, at + 40);
  rows.writeUInt32LE(record.tombstone ? 1 : 0, at + 44);
  if (hash === null) rows.fill(0, at + 48, at + rowSize);
  else hash.copy(rows, at + 48, 0, hashSize);
};

export const isDeleted = (rows: Buffer, at: number): boolean => rows.readUInt32LE(at + 44) === 1;

export const readRow = (rows: Buffer, at: number): LiveRow => ({
  createRevision: rows.readDoubleLE(at),
  modRevision: rows.readDoubleLE(at + 8),
  version: rows.readDoubleLE(at + 16),
  lease: rows.readBigInt64LE(at + 24),
  offset: rows.readDoubleLE(at + 32),
  size: rows.readUInt32LE(at + 40),
  deleted: isDeleted(rows, at),
  hash: rows.subarray(at + 48, at + rowSize),
});

export type LiveKey = LiveRow & { key: Buffer; value: Buffer | null };

/** The keys of a part, as views of it. */
export function* liveKeysIn({ keys, ends, rows, values }: LivePart): Generator<LiveKey, void, void> {
  const [allKeys, allRows, allValues] = [view(keys), view(rows), values && view(values)];
  let [start, valueStart] = [0, 0];
  for (const [index, end] of ends.entries()) {
    const row = readRow(allRows, index * rowSize);
    const value = allValues?.subarray(valueStart, valueStart + row.size) ?? null;
    yield { ...row, key: allKeys.subarray(start, end), value };
    start = end;
    valueStart += row.size;
  }
}

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
