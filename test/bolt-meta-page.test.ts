/** Which of the two meta pages of a bbolt file counts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  but,
  leafPage,
  metaBucketAt,
  metaPage,
  pageSize,
  root,
  seal,
  version,
} from './support/bolt-pages.ts';
import { openReading, type Reading } from './support/meta-bucket-reading.ts';

let reading: Reading;
beforeAll(async () => {
  reading = await openReading();
});
afterAll(() => reading[Symbol.asyncDispose]());

describe('a database with two meta pages', () => {
  test.each([
    [8, 9, '1.1.1'],
    [9, 8, '0.0.0'],
    [8, 8, '0.0.0'],
  ])('with transactions %i and %i is read by the newer one', async (first, second, expected) => {
    const at = (page: number) => ({ root: page, highWater: 6 });
    const bytes = [
      metaPage(0, { ...at(2), transaction: first }),
      metaPage(1, { ...at(4), transaction: second }),
      root,
      leafPage(3, [version('0.0.0')]),
      leafPage(4, [metaBucketAt(5)]),
      leafPage(5, [version('1.1.1')]),
    ];
    expect((await reading.says(bytes)).storageVersion).toBe(expected);
  });

  test.each([4, 16, 64, 512])('with pages of %i KiB is read by either meta page', async kibibytes => {
    const size = kibibytes * 1024;
    const meta = { root: 2, highWater: 4, size };
    const pages = [
      metaPage(0, { ...meta, transaction: 8 }),
      metaPage(1, { ...meta, transaction: 7 }),
      leafPage(2, [metaBucketAt(3)], { size }),
      leafPage(3, [version('3.6.0')], { size }),
    ];
    for (const broken of [null, 0, 1]) {
      const bytes = Buffer.concat(pages);
      if (broken !== null) bytes.fill(0xff, broken * size, broken * size + 100);
      expect((await reading.says(bytes)).storageVersion, `page ${broken}`).toBe('3.6.0');
    }
  });

  test('whose first page is broken has its second where a page of its own size ends, not in what lies before', async () => {
    const size = 16 * 1024;
    const first = Buffer.alloc(size);
    metaPage(1, { root: 2, highWater: 4, transaction: 99, size: 64 * 1024 }).copy(first, 4096, 0, 4096);
    const pages = [
      metaPage(1, { root: 2, highWater: 4, transaction: 7, size }),
      leafPage(2, [metaBucketAt(3)], { size }),
      leafPage(3, [version('3.6.0')], { size }),
    ];
    expect((await reading.says([first, ...pages])).storageVersion).toBe('3.6.0');
  });

  const noMeta: [string, (bytes: Buffer) => void, string][] = [
    ['mark', bytes => bytes.writeUInt32LE(1, 16), 'page 0 at byte 0 has not the mark'],
    ['format', bytes => bytes.writeUInt32LE(3, 20), 'page 0 at byte 0 is of format 3, not 2'],
    ['checksum', bytes => bytes.writeUInt8(9, 64), 'page 0 at byte 0 does not match its checksum'],
    ['header', bytes => bytes.writeUInt8(2, 8), 'page 0 at byte 0 has not the header of one'],
    [
      'page size',
      bytes => {
        bytes.writeUInt32LE(5000, 24);
        seal(bytes, 0);
      },
      'page 0 at byte 0 speaks of pages of 5000 bytes',
    ],
  ];
  test.each(noMeta)('with a wrong %s in one meta page is read by the other', async (_, change, reason) => {
    expect((await reading.says(but(change))).storageVersion).toBe('3.6.0');
    const both = but(bytes => {
      change(bytes);
      bytes.fill(0, pageSize, 2 * pageSize);
    });
    expect(await reading.fault(both)).toContain(`has no valid meta page: ${reason}`);
  });
});
