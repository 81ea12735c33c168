/** Records of keys on a disk, in as many files as parts, each of which has all records of its keys in their order. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { from } from '../errors.ts';
import { fileTrouble } from '../file-trouble.ts';

export type KeyRecord = { hash: Uint32Array; record: number; tombstone: boolean };

export type KeyPartitions = {
  add(one: KeyRecord): void;
  /** One part after the other, each with its records in the order in which they came; `hash` is valid until the next. */
  parts(): Iterable<Iterable<KeyRecord>>;
  [Symbol.dispose](): void;
};

const parts = 64;
const words = 4;
// 64 KiB for each part while they are written, and one of them at a time to be read.
const blockWords = words * 4096;
// The hash has its top bit for it: 95 bits tell keys apart as well as 96.
const tombstoneBit = 0x80000000;

/**
 * The files are in `folder`, 0600, and have no name there any more once they are open, so that nothing is left of them
 * however the process ends. Throws `failed` where the disk cannot take them.
 */
export const openKeyPartitions = (folder: string): KeyPartitions => {
  const files: File[] = [];
  const close = () => {
    for (const { handle } of files) closeSync(handle);
    files.length = 0;
  };
  try {
    for (let part = 0; part < parts; part++) files.push(openNameless(folder));
  } catch (error) {
    close();
    throw failed(folder, error);
  }
  const flush = (file: File) => {
    try {
      writeWhole(file.handle, file.block.subarray(0, file.filled));
    } catch (error) {
      throw failed(folder, error);
    }
    file.filled = 0;
  };
  return {
    add: ({ hash, record, tombstone }) => {
      const file = files[(hash[1] ?? 0) % parts];
      if (!file) throw new Error('the files are closed');
      const { block, filled } = file;
      block.set(hash, filled);
      block[filled + 2] = ((hash[2] ?? 0) & ~tombstoneBit) | (tombstone ? tombstoneBit : 0);
      block[filled + 3] = record;
      file.filled += words;
      if (file.filled === blockWords) flush(file);
    },
    parts: function* () {
      for (const file of files) {
        flush(file);
        yield recordsOf(file, folder);
      }
    },
    [Symbol.dispose]: close,
  };
};

type File = { handle: number; block: Uint32Array; filled: number };

const openNameless = (folder: string): File => {
  const path = join(folder, `keys-${randomBytes(8).toString('hex')}`);
  const handle = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return { handle, block: new Uint32Array(blockWords), filled: 0 };
};

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const writeWhole = (handle: number, block: Uint32Array): void => {
  let rest = bytesOf(block);
  while (rest.length > 0) rest = rest.subarray(writeSync(handle, rest));
};

function* recordsOf({ handle, block }: File, folder: string): Generator<KeyRecord> {
  const one = { hash: new Uint32Array(3), record: 0, tombstone: false };
  for (let from = 0; ; ) {
    const length = readBlock(handle, block, from, folder);
    for (let at = 0; at < length; at += words) {
      const marked = block[at + 2] ?? 0;
      one.hash.set(block.subarray(at, at + 2));
      one.hash[2] = marked & ~tombstoneBit;
      one.tombstone = (marked & tombstoneBit) !== 0;
      one.record = block[at + 3] ?? 0;
      yield one;
    }
    if (length < block.length) return;
    from += 4 * length;
  }
}

/** Gives how many words there were: fewer than asked for at the end alone. */
const readBlock = (handle: number, block: Uint32Array, from: number, folder: string): number => {
  const bytes = bytesOf(block);
  let read = 0;
  try {
    for (let more = -1; more !== 0 && read < bytes.length; read += more)
      more = readSync(handle, bytes, read, bytes.length - read, from + read);
  } catch (error) {
    throw failed(folder, error);
  }
  return read / 4;
};

const failed = (folder: string, error: unknown) =>
  from(error, 'failed', {
    operation: 'sort the keys of the database',
    object: `folder ${folder}`,
    reason: fileTrouble(error),
    hint: 'Make room there, or name a folder on another disk with --scratch DIR.',
  });
