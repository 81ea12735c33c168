/** The bytes of a database file by range, through a cache that holds a part of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFile } from '../src/bolt/file.ts';
import { seeded } from './support/random.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

test('any range of a file that is larger than the cache is what the file has there', async () => {
  // Three times the cache, and a last block that is not whole.
  const content = Buffer.alloc(48 * 2 ** 20 + 12_345);
  for (let at = 0; at + 4 <= content.length; at += 4) content.writeUInt32LE(at, at);
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'it.db');
  await writeFile(path, content);
  using file = openFile(path, 'it.db');
  expect(file.size).toBe(content.length);
  const random = seeded(7);
  const compare = (offset: number, length: number) => {
    const end = Math.min(offset + length, content.length);
    const same = file.read(offset, end - offset).equals(content.subarray(offset, end));
    if (!same) throw new Error(`${end - offset} bytes at ${offset} are others`);
  };
  for (let reads = 0; reads < 5000; reads++)
    compare(random(content.length), 1 + random(random(10) === 0 ? 300_000 : 5000));
  for (let offset = 0; offset < content.length; offset += 4096) compare(offset, 4096);
  compare(content.length - 1, 1);
  const target = Buffer.alloc(100, 1);
  file.fill(target, 60, content.length - 40);
  expect(target.subarray(0, 60)).toEqual(Buffer.alloc(60, 1));
  expect(target.subarray(60)).toEqual(content.subarray(-40));
  expect(() => file.read(content.length - 10, 11)).toThrow(/ends at byte 50343993/);
});
