/** The check of a whole database, on ones made by hand that bbolt would never write. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketIn, rootBucket } from '../src/bolt/bucket.ts';
import { openDatabase } from '../src/bolt/database.ts';
import { entries } from '../src/bolt/entries.ts';
import { checkStructure, type Structure } from '../src/bolt/structure.ts';
import { isSnapbackError } from '../src/errors.ts';
import {
  branchPage,
  bucketValue,
  but,
  freelistPage,
  good,
  inlinePage,
  type Leaf,
  leafPage,
  metaBucketAt,
  metas,
  pageSize,
  root,
  version,
} from './support/bolt-pages.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

let folder: TemporaryFolder;
let path: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'it.db');
});
afterAll(() => folder[Symbol.asyncDispose]());

const check = async (bytes: Buffer | Buffer[]): Promise<Structure> => {
  await writeFile(path, bytes);
  using database = openDatabase(path, 'it.db');
  return checkStructure(database);
};

/** The reason of the `integrity` error that an action ends with. */
const faultOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    expect(error).toMatchObject({ code: 'integrity', object: 'it.db' });
    if (isSnapbackError(error)) return error.reason;
  }
  return 'nothing';
};

const start = (page: number) => page * pageSize;
const bucketOf = (leaves: Leaf[], name = 'b') => ({
  key: name,
  value: bucketValue(inlinePage(leaves)),
  bucket: true,
});
const plain = (key: string, value = '') => ({ key, value: Buffer.from(value) });
/** The root, and these pages from page 3 on, to the first of which its bucket points. */
const withTree = (...pages: Buffer[]) => [...metas({ highWater: 3 + pages.length }), root, ...pages];

describe('a database that is whole', () => {
  test('is what it is', async () => {
    expect(await check(good())).toEqual({
      pageSize,
      pages: 4,
      branchPages: 0,
      leafPages: 2,
      overflowPages: 0,
      freePages: 0,
      freelistPages: null,
      bytesInUse: 16 + 16 + 4 + 16 + (16 + 16 + 14 + 5),
      bytesBehind: 0,
      otherMeta: null,
      buckets: [{ name: 'meta', entries: 1, bytes: 19, pages: 1 }],
    });
  });

  test('is counted with branches, large values, free pages, a trailer, and buckets in buckets', async () => {
    const large = Buffer.alloc(9000, 'large');
    const inner = bucketOf([plain('x', 'y'), bucketOf([plain('z')], 'zz')], 'c');
    const bytes = [
      ...metas({ highWater: 11 }),
      leafPage(2, [metaBucketAt(3), { key: 'n', value: bucketValue(9), bucket: true }]),
      branchPage(3, [
        { key: 'a', child: 4 },
        { key: 'd', child: 7 },
      ]),
      leafPage(4, [plain('a'), { key: 'b', value: large }], { overflow: 2 }),
      leafPage(7, [plain('d')]),
      Buffer.alloc(pageSize, 'free'),
      leafPage(9, [inner, plain('e', '1234')]),
      Buffer.alloc(pageSize),
      Buffer.alloc(32),
    ];
    expect(await check(bytes)).toMatchObject({
      pages: 11,
      branchPages: 1,
      leafPages: 4,
      overflowPages: 2,
      freePages: 2,
      bytesBehind: 32,
      buckets: [
        { name: 'meta', entries: 3, bytes: 1 + 9001 + 1, pages: 5 },
        { name: 'n', entries: 5, pages: 1 },
      ],
    });
  });

  test('may have one meta page that is broken, which is said', async () => {
    const broken = but(bytes => bytes.writeUInt8(9, start(1) + 64));
    expect((await check(broken)).otherMeta).toBe('meta page 1 at byte 4096 does not match its checksum');
  });

  test('may have a list of free pages', async () => {
    const bytes = (free: Buffer) => [
      ...metas({ highWater: 7, freelist: 4 }),
      root,
      leafPage(3, [version('3.6.0')]),
      free,
      Buffer.alloc(2 * pageSize),
    ];
    const facts = { pages: 7, freePages: 2, freelistPages: 1 };
    expect(await check(bytes(freelistPage(4, [5, 6])))).toMatchObject(facts);
    expect(await check(bytes(freelistPage(4, [6, 5], { long: true })))).toMatchObject(facts);
  });

  test('may have a list of free pages that is longer than a page', async () => {
    const [count, overflow] = [70_000, 136];
    const first = 5 + overflow;
    const free = Array.from({ length: count }, (_, index) => first + index);
    const bytes = [
      ...metas({ highWater: first + count, freelist: 4 }),
      root,
      leafPage(3, [version('3.6.0')]),
      freelistPage(4, free, { overflow }),
    ];
    await writeFile(path, Buffer.concat(bytes));
    await truncate(path, (first + count) * pageSize);
    using database = openDatabase(path, 'it.db');
    expect(checkStructure(database)).toMatchObject({ freePages: count, freelistPages: 1 + overflow });
  });

  test('may have a page too many after what fills its own', async () => {
    const value = Buffer.alloc(pageSize - 16 - 16 - 1);
    const full = (overflow: number) => leafPage(3, [{ key: 'a', value }], { overflow });
    expect(await check(withTree(full(0)))).toMatchObject({ overflowPages: 0 });
    // As bbolt did before 1.4.
    const bytes = [...metas({ highWater: 5 }), root, full(1)];
    expect(await check(bytes)).toMatchObject({ overflowPages: 1 });
  });
});

const ab = (first: number, second: number) =>
  branchPage(3, [
    { key: 'a', child: first },
    { key: 'd', child: second },
  ]);
const a = leafPage(4, [plain('a'), plain('c')]);
const withFree = (free: Buffer) => [
  ...metas({ highWater: 6, freelist: 4 }),
  root,
  leafPage(3, [version('3.6.0')]),
  free,
  Buffer.alloc(pageSize),
];
const nested = (depth: number): Leaf[] => [
  depth === 0 ? plain('end') : bucketOf(nested(depth - 1), 'deeper'),
];

describe('a database that is not', () => {
  const cases: [string, () => Buffer | Buffer[], RegExp][] = [
    [
      'a page that two branches have',
      () => withTree(ab(4, 4), a),
      /page 4, at byte 16384: page 4 is reached by two ways/,
    ],
    [
      'a page that two buckets have',
      () => {
        const both = [metaBucketAt(3), { ...metaBucketAt(3), key: 'n' }];
        return [...metas(), leafPage(2, both), leafPage(3, [plain('a')])];
      },
      /page 3, at byte 12288: page 3 is reached by two ways/,
    ],
    [
      'a page that the one before it reaches into',
      () => {
        const large = leafPage(4, [{ key: 'a', value: Buffer.alloc(5000) }], { overflow: 1 });
        leafPage(5, [plain('d')]).copy(large, pageSize);
        return [...metas({ highWater: 6 }), root, ab(4, 5), large];
      },
      /page 5, at byte 20480: page 5 is reached by two ways/,
    ],
    [
      'a bucket in itself',
      () => [...metas({ highWater: 4 }), root, leafPage(3, [{ ...metaBucketAt(3), key: 'x' }])],
      /page 3, at byte 12288: page 3 is reached by two ways/,
    ],
    [
      'a bucket in the root of all',
      () => [...metas({ highWater: 3 }), leafPage(2, [metaBucketAt(2)])],
      /page 2, at byte 8192: page 2 is reached by two ways/,
    ],
    [
      'ways without number',
      () => {
        const both = (child: number) => [
          { key: 'a', child },
          { key: 'd', child },
        ];
        const levels = Array.from({ length: 40 }, (_, level) => branchPage(3 + level, both(4 + level)));
        return withTree(...levels, leafPage(43, [plain('a')]));
      },
      /page 43, at byte 176128: page 43 is reached by two ways/,
    ],
    [
      'keys that fall',
      () => withTree(leafPage(3, [plain('b'), plain('a')])),
      /page 3, at byte 12320: element 1 of 2 has a key that is not greater/,
    ],
    [
      'a key that is there twice',
      () => withTree(leafPage(3, [plain('b'), plain('b')])),
      /element 1 of 2 has a key that is not greater/,
    ],
    [
      'a key that is the beginning of the one before it',
      () => withTree(leafPage(3, [plain('bb'), plain('b')])),
      /element 1 of 2 has a key that is not greater/,
    ],
    [
      'keys that fall from one leaf to the next',
      () => withTree(ab(4, 5), leafPage(4, [plain('a'), plain('e')]), leafPage(5, [plain('d')])),
      /page 5, at byte 20496: element 0 of 1 has a key that is not greater/,
    ],
    [
      'a leaf that begins before its branch says',
      () => withTree(ab(4, 5), a, leafPage(5, [plain('cc')])),
      /page 5, at byte 20480: its first key is 6363, and 64 in the branch of page 3/,
    ],
    [
      'a leaf that begins behind what its branch says',
      () => withTree(ab(4, 5), a, leafPage(5, [plain('e')])),
      /its first key is 65, and 64 in the branch/,
    ],
    ['an empty leaf', () => withTree(ab(4, 5), a, leafPage(5, [])), /page 5, at byte 20480: it is empty/],
    [
      'a gap between elements',
      () => withTree(leafPage(3, [plain('a', '1234'), plain('b')])).map(gap),
      /page 3, at byte 12320: element 1 of 2 does not begin where the one before it ends/,
    ],
    [
      'a gap behind the table of a branch',
      () => {
        const branch = ab(4, 5);
        branch.writeUInt32LE(branch.readUInt32LE(16) + 1, 16);
        return withTree(branch, a, leafPage(5, [plain('d')]));
      },
      /page 3, at byte 12304: element 0 of 2 does not begin where the one before it ends/,
    ],
    [
      'a page that it does not need',
      () => [...metas({ highWater: 6 }), root, leafPage(3, [plain('a')], { overflow: 2 })],
      /page 3, at byte 12304: element 0 of 1 is the last, and leaves 12255 bytes/,
    ],
    [
      'an inline page that it does not fill',
      () => {
        const value = bucketValue(Buffer.concat([inlinePage([plain('a')]), Buffer.alloc(1)]));
        return [...metas(), leafPage(2, [{ key: 'meta', value, bucket: true }]), Buffer.alloc(pageSize)];
      },
      /element 0 of 1 is the last, and leaves 1 bytes/,
    ],
    [
      'an element of no kind',
      () => but(bytes => bytes.writeUInt32LE(2, start(3) + 16)),
      /page 3, at byte 12304: element 0 of 1 has flags that are not known \(2\)/,
    ],
    [
      'a value beside the buckets',
      () => [...metas(), leafPage(2, [plain('a')]), Buffer.alloc(pageSize)],
      /page 2, at byte 8224: there is a value beside the buckets/,
    ],
    [
      'buckets without end',
      () => [...metas(), leafPage(2, [bucketOf(nested(40), 'meta')]), Buffer.alloc(pageSize)],
      /there are buckets in buckets, 33 deep/,
    ],
    [
      'a bucket that counts',
      () => but(bytes => bytes.writeUInt8(7, start(2) + 16 + 16 + 4 + 8)),
      /page 2, at byte 8228: "meta" counts 7, which etcd never does/,
    ],
    [
      'a bucket with two roots',
      () => {
        const value = Buffer.concat([bucketValue(3), Buffer.alloc(1)]);
        return [...metas(), leafPage(2, [{ key: 'meta', value, bucket: true }]), leafPage(3, [plain('a')])];
      },
      /"meta" has a page of its own and one inside/,
    ],
    [
      'a list of free pages beyond the end',
      () => [...metas({ freelist: 4 }), root, leafPage(3, [plain('a')])],
      /page 0, at byte 48: the list of free pages is said to be page 4 of 4/,
    ],
    [
      'a list of free pages that is a leaf',
      () => [...metas({ freelist: 3 }), root, leafPage(3, [plain('a')])],
      /page 3, at byte 12288: it is not the list of free pages \(flags 2\)/,
    ],
    [
      'a list of free pages that is another page',
      () => withFree(freelistPage(5, [5])),
      /page 4, at byte 16384: it says that it is page 5/,
    ],
    [
      'a list of free pages that reaches beyond the end',
      () => withFree(freelistPage(4, [5]).fill(200, 12, 15)),
      /page 4, at byte 16384: it goes on over 13158600 pages/,
    ],
    [
      'a list of free pages that is longer than its pages',
      () => withFree(freelistPage(4, []).fill(2, 10, 12)),
      /page 4, at byte 16384: 514 ids do not fit into 1 pages/,
    ],
    [
      'a list of free pages that is longer than all pages',
      () => withFree(freelistPage(4, [], { long: true }).fill(0xff, 16, 24)),
      /page 4, at byte 16384: 18446744073709552000 ids do not fit/,
    ],
    [
      'a free page that is in use',
      () => withFree(freelistPage(4, [5, 3])),
      /page 4, at byte 16408: page 3 is said to be free, and is in use or listed twice/,
    ],
    [
      'a free page that is free twice',
      () => withFree(freelistPage(4, [5, 5])),
      /page 4, at byte 16408: page 5 is said to be free, and is in use or listed twice/,
    ],
    [
      'a free page that is no page',
      () => withFree(freelistPage(4, [6])),
      /page 4, at byte 16400: page 6 is said to be free, of 6/,
    ],
    [
      'a page that nobody has',
      () => withFree(freelistPage(4, [])),
      /page 4, at byte 16384: page 5 is neither in use nor free/,
    ],
  ];
  const gap = (bytes: Buffer) => {
    if (bytes.readUInt16LE(8) === 2 && bytes.readUInt16LE(10) === 2)
      bytes.writeUInt32LE(bytes.readUInt32LE(16 + 12) - 1, 16 + 12);
    return bytes;
  };
  test.each(cases)('because it has %s ends with an error that says so', async (_, bytes, reason) => {
    await writeFile(path, bytes());
    expect(
      faultOf(() => {
        using database = openDatabase(path, 'it.db');
        checkStructure(database);
      }),
    ).toMatch(reason);
  });
});

describe('a walk through one bucket', () => {
  const keysFrom = (from?: string) => {
    using database = openDatabase(path, 'it.db');
    const bucket = bucketIn(database, rootBucket(database), 'meta');
    if (!bucket) throw new Error('no bucket');
    return Array.from(entries(database, bucket, from === undefined ? from : Buffer.from(from)), ({ key }) =>
      key.toString(),
    );
  };
  const tree = withTree(ab(4, 5), a, leafPage(5, [plain('d'), plain('f')]));

  test.each([
    [undefined, ['a', 'c', 'd', 'f']],
    ['', ['a', 'c', 'd', 'f']],
    ['a', ['a', 'c', 'd', 'f']],
    ['b', ['c', 'd', 'f']],
    ['c', ['c', 'd', 'f']],
    ['cc', ['d', 'f']],
    ['d', ['d', 'f']],
    ['e', ['f']],
    ['f', ['f']],
    ['g', []],
  ])('from %s gives what is not less', async (from, expected) => {
    await writeFile(path, tree);
    expect(keysFrom(from)).toEqual(expected);
  });

  test('has an end where there are ways without number', async () => {
    const both = (child: number) => [
      { key: 'a', child },
      { key: 'd', child },
    ];
    const levels = Array.from({ length: 40 }, (_, level) => branchPage(3 + level, both(4 + level)));
    await writeFile(path, withTree(...levels, leafPage(43, [plain('a')])));
    expect(faultOf(() => keysFrom())).toMatch(/page 43, at byte 176128: its first key is 61, and 64/);
  });

  test('reads no value that would not go into any memory', async () => {
    const pages = 2 ** 20;
    const leaf = leafPage(3, [plain('a')]);
    leaf.writeUInt32LE(pages - 1, 12);
    leaf.writeUInt32LE(2 ** 32 - 100, 28);
    await writeFile(path, Buffer.concat([...metas({ highWater: 2 ** 28 }), root, leaf]));
    // Nothing of it is on the disk.
    await truncate(path, 2 ** 40);
    expect(faultOf(() => keysFrom())).toMatch(/key and value have 4294967197 bytes, and not more than/);
  });
});
