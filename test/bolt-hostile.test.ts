/** The reader of bbolt's files on files that are made to do harm: an error that says where, never worse. */
import { execFileSync } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../src/bolt/database.ts';
import { isSnapbackError, type SnapbackError } from '../src/errors.ts';
import {
  branchPage,
  bucketValue,
  but,
  good,
  inlinePage,
  leafPage,
  metaBucketAt,
  metas,
  pageSize,
  root,
  seal,
  version,
} from './support/bolt-pages.ts';
import { openReading, type Reading } from './support/meta-bucket-reading.ts';
import { rejection } from './support/rejection.ts';

const start = (page: number) => page * pageSize;

let reading: Reading;
beforeAll(async () => {
  reading = await openReading();
});
afterAll(() => reading[Symbol.asyncDispose]());

describe('a database made by hand', () => {
  test('is read when nothing is wrong with it', async () => {
    expect(await reading.says(good())).toEqual({
      storageVersion: '3.6.0',
      consistentIndex: null,
      term: null,
      scheduledCompactRevision: null,
      finishedCompactRevision: null,
    });
  });

  test('is read with its bucket inside the value', async () => {
    const value = bucketValue(inlinePage([version('3.7.0')]));
    const bytes = [...metas({ highWater: 3 }), leafPage(2, [{ key: 'meta', value, bucket: true }])];
    expect((await reading.says(bytes)).storageVersion).toBe('3.7.0');
  });

  const branches = (child: number) =>
    branchPage(3, [
      { key: 'a', child },
      { key: 'z', child: 4 },
    ]);
  const withTree = (...pages: Buffer[]) => [...metas({ highWater: 3 + pages.length }), root, ...pages];
  const leaf4 = leafPage(4, [version('3.6.0')]);
  const cases: [string, () => Buffer | Buffer[], RegExp][] = [
    [
      'a root beyond the end',
      () => [...metas({ root: 4 }), root, root],
      /page 0, at byte 32: the root is said to be page 4 of 4/,
    ],
    [
      'a root that is a meta page',
      () => [...metas({ root: 1 }), root, root],
      /page 0, at byte 32: the root is/,
    ],
    [
      'a high-water mark beyond the end',
      () => [...metas({ highWater: 5 }), root, root],
      /page 0, at byte 56: the database has 5 pages of 4096 bytes, and the file holds 4: it is cut short/,
    ],
    [
      'a high-water mark beyond all numbers',
      () =>
        but(bytes => {
          for (const at of [0, pageSize]) {
            bytes.writeBigUInt64LE(2n ** 64n - 1n, at + 56);
            seal(bytes, at);
          }
        }),
      /page 0, at byte 56: the database has 18446744073709551615 pages/,
    ],
    [
      'a page that is another',
      () => but(bytes => bytes.writeUInt8(7, start(3))),
      /page 3, at byte 12288: it says that it is page 7/,
    ],
    [
      'a page of no kind',
      () => but(bytes => bytes.writeUInt8(3, start(3) + 8)),
      /page 3, at byte 12288: it is neither branch nor leaf \(flags 3\)/,
    ],
    [
      'a free page',
      () => but(bytes => bytes.writeUInt8(16, start(3) + 8)),
      /page 3, at byte 12288: it is neither/,
    ],
    [
      'more elements than a page holds',
      () => but(bytes => bytes.writeUInt16LE(256, start(3) + 10)),
      /page 3, at byte 12288: 256 elements do not fit into 4096 bytes/,
    ],
    [
      'an overflow beyond the end',
      () => but(bytes => bytes.writeUInt32LE(1, start(3) + 12)),
      /page 3, at byte 12288: it goes on over 1 pages/,
    ],
    [
      'an overflow beyond all files',
      () => but(bytes => bytes.writeUInt32LE(2 ** 32 - 1, start(3) + 12)),
      /page 3, at byte 12288: it goes on over 4294967295 pages/,
    ],
    [
      'a key beyond its page',
      () => but(bytes => bytes.writeUInt32LE(4070, start(3) + 20)),
      /page 3, at byte 12304: element 0 of 1 reaches beyond its page/,
    ],
    [
      'a key far beyond its page',
      () => but(bytes => bytes.writeUInt32LE(2 ** 32 - 1, start(3) + 20)),
      /element 0 of 1 reaches beyond its page/,
    ],
    [
      'a key in the table',
      () => but(bytes => bytes.writeUInt32LE(0, start(3) + 20)),
      /page 3, at byte 12304: element 0 of 1 has its key inside the table/,
    ],
    [
      'an empty key',
      () => but(bytes => bytes.writeUInt32LE(0, start(3) + 24)),
      /element 0 of 1 has a key of 0 bytes/,
    ],
    [
      'a huge key',
      () => but(bytes => bytes.writeUInt32LE(2 ** 31, start(3) + 24)),
      /element 0 of 1 has a key of 2147483648 bytes/,
    ],
    [
      'a huge value',
      () => but(bytes => bytes.writeUInt32LE(2 ** 32 - 1, start(3) + 28)),
      /element 0 of 1 reaches beyond its page/,
    ],
    [
      'a value that is long',
      () => withTree(leafPage(3, [version('3.6.0'.padEnd(65))])),
      /page 3, at byte 12334: a value has 65 bytes, and not more than 64/,
    ],
    [
      'a value that is a bucket',
      () => but(bytes => bytes.writeUInt8(1, start(3) + 16)),
      /page 3, at byte 12334: there is a bucket where a value/,
    ],
    [
      'a value that is no version',
      () => withTree(leafPage(3, [version('new')])),
      /something else than etcd writes as storageVersion: 6e6577/,
    ],
    [
      'a counter of the wrong length',
      () => withTree(leafPage(3, [{ key: 'term', value: Buffer.from('7') }])),
      /something else than etcd writes as term: 37/,
    ],
    [
      'a counter beyond all numbers',
      () => withTree(leafPage(3, [{ key: 'term', value: Buffer.alloc(8, 0xff) }])),
      /as term: ffffffffffffffff/,
    ],
    [
      'a revision without its mark',
      () => withTree(leafPage(3, [{ key: 'finishedCompactRev', value: Buffer.alloc(17) }])),
      /as finishedCompactRev: 0+$/,
    ],
    [
      'no bucket "meta"',
      () => [...metas(), leafPage(2, [{ ...metaBucketAt(3), key: 'mexa' }]), leaf4],
      /has no bucket "meta"/,
    ],
    [
      'a value for a bucket',
      () => [...metas(), leafPage(2, [{ ...metaBucketAt(3), bucket: false }]), leaf4],
      /page 2, at byte 8228: "meta" is no bucket/,
    ],
    [
      'a bucket without header',
      () => [...metas(), leafPage(2, [{ key: 'meta', value: Buffer.alloc(15), bucket: true }]), leaf4],
      /page 2, at byte 8228: "meta" is no bucket/,
    ],
    [
      'a bucket beyond the end',
      () => [...metas(), leafPage(2, [metaBucketAt(4)]), leaf4],
      /page 2, at byte 8228: it points to page 4, and the tree is in pages 2 to 3/,
    ],
    [
      'a bucket in a meta page',
      () => [...metas(), leafPage(2, [metaBucketAt(1)]), leaf4],
      /page 2, at byte 8228: it points to page 1/,
    ],
    [
      'an inline bucket without page',
      () => [...metas(), leafPage(2, [{ key: 'meta', value: Buffer.alloc(31), bucket: true }]), leaf4],
      /page 2, at byte 8244: a page inside a value cannot have 15 bytes/,
    ],
    [
      'an inline bucket of nothing',
      () => [...metas(), leafPage(2, [{ key: 'meta', value: Buffer.alloc(40), bucket: true }]), leaf4],
      /page 2, at byte 8244: the page inside the value has not the header/,
    ],
    [
      'an inline page with more than it holds',
      () => {
        const inline = inlinePage([version('3.6.0')]);
        inline.writeUInt16LE(3, 10);
        return [...metas(), leafPage(2, [{ key: 'meta', value: bucketValue(inline), bucket: true }]), leaf4];
      },
      /page 2, at byte 8244: 3 elements do not fit into 51 bytes/,
    ],
    [
      'an inline page that denies what it holds',
      () => {
        const inline = inlinePage([version('3.6.0')]);
        inline.writeUInt16LE(0, 10);
        return [...metas(), leafPage(2, [{ key: 'meta', value: bucketValue(inline), bucket: true }]), leaf4];
      },
      /page 2, at byte 8244: the page inside the value is empty, and has 51 bytes/,
    ],
    [
      'a bucket of nothing with a page of its own',
      () => withTree(leafPage(3, []), leaf4),
      /page 3, at byte 12288: "meta" is empty here/,
    ],
    [
      'a branch without children',
      () => withTree(branchPage(3, []), leaf4),
      /page 3, at byte 12288: it is a branch without children/,
    ],
    [
      'a child beyond the end',
      () => withTree(branches(5), leaf4),
      /page 3, at byte 12304: it points to page 5/,
    ],
    [
      'a child of no number',
      () => {
        const bytes = Buffer.concat(withTree(branches(4), leaf4));
        bytes.writeBigUInt64LE(2n ** 64n - 1n, start(3) + 24);
        return bytes;
      },
      /page 3, at byte 12304: it points to page 18446744073709552000/,
    ],
    [
      'a child that is its parent',
      () => withTree(branches(3), leaf4),
      /page 3, at byte 12288: its child 3 is above it in the tree, which is a loop/,
    ],
    [
      'a child that is above its parent',
      () => withTree(branches(4), branchPage(4, [{ key: 'a', child: 3 }])),
      /page 4, at byte 16384: its child 3 is above it/,
    ],
    [
      'a tree without end',
      () =>
        withTree(
          ...Array.from({ length: 100 }, (_, index) =>
            branchPage(3 + index, [{ key: 'a', child: 4 + index }]),
          ),
        ),
      /page 51, at byte 208896: the tree does not end/,
    ],
  ];
  test.each(cases)('with %s ends with an error that says so', async (_, bytes, reason) => {
    expect(await reading.fault(bytes())).toMatch(reason);
  });

  test('whose value would not go into any memory is not read into it', async () => {
    const terabyte = 2 ** 40;
    const pages = 2 ** 20;
    const value = 2 ** 32 - 100;
    const [first, second] = metas({ highWater: terabyte / pageSize }) as [Buffer, Buffer];
    const leaf = leafPage(3, [version('')]);
    leaf.writeUInt32LE(pages - 1, 12);
    leaf.writeUInt32LE(value, 28);
    await writeFile(reading.path, Buffer.concat([first, second, root, leaf]));
    // Nothing of it is on the disk.
    await truncate(reading.path, terabyte);
    expect((await rejection(reading.read())).reason).toContain(`a value has ${value} bytes`);
  });

  test('that is no file to read ends with an error that says so', async () => {
    const opening = (path: string) => thrown(() => openDatabase(path, 'it.db'));
    expect(opening(dirname(reading.path))).toMatchObject({ code: 'failed', object: 'it.db' });
    expect(opening(`${reading.path}.absent`)).toMatchObject({ code: 'failed', object: 'it.db' });
    const pipe = `${reading.path}.pipe`;
    execFileSync('mkfifo', [pipe]);
    expect(opening(pipe)).toMatchObject({ code: 'failed', reason: 'is not a regular file' });
  });

  test('that becomes shorter meanwhile ends with an error that says so', async () => {
    await writeFile(reading.path, Buffer.concat([good(), Buffer.alloc(pageSize * 20)]));
    using database = openDatabase(reading.path, 'it.db');
    await truncate(reading.path, pageSize * 17);
    // Read with the block that it is in, and no further.
    expect(database.file.read(pageSize * 3, 10)).toHaveLength(10);
    expect(thrown(() => database.file.read(pageSize * 16, 10))).toMatchObject({
      code: 'integrity',
      reason: 'ends at byte 69632, and was longer when it was opened',
    });
    expect(thrown(() => database.file.read(pageSize * 24 - 5, 10)).reason).toMatch(/^ends at byte 98304/);
  });
});

const thrown = (action: () => unknown): SnapbackError => {
  try {
    action();
  } catch (error) {
    if (isSnapbackError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};
