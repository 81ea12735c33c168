/** The reader of bbolt's files on real ones that are cut or flipped: the same answer or an error, never worse. */
import { open, readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketIn, rootBucket, valueIn } from '../src/bolt/bucket.ts';
import { openDatabase } from '../src/bolt/database.ts';
import { recordReader } from '../src/bolt/records.ts';
import { checkStructure } from '../src/bolt/structure.ts';
import { isSnapbackError } from '../src/errors.ts';
import { pageSize, seal } from './support/bolt-pages.ts';
import { snapshotInto } from './support/database-file.ts';
import { startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { openReading, type Reading } from './support/meta-bucket-reading.ts';
import { need } from './support/programs.ts';

let reading: Reading;
beforeAll(async () => {
  reading = await openReading();
});
afterAll(() => reading[Symbol.asyncDispose]());

const programs = await need('3.6');

describe.skipIf(programs === null)('a snapshot of a real etcd', () => {
  let [small, large] = [Buffer.alloc(0), Buffer.alloc(0)];
  /** What can be wrong in the large one for the look-ups below: the pages on their way. */
  const onTheWay: number[] = [0, 1];

  beforeAll(async () => {
    if (!programs) return;
    await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
    const file = `${reading.path}.real`;
    await snapshotInto(file, cluster, programs);
    small = await readFile(file);
    await fill(cluster.settings(), { count: 4000, size: 150 });
    await fill(cluster.settings(), { count: 2, size: 1_000_000, prefix: 'large-' });
    await snapshotInto(`${file}.large`, cluster, programs);
    large = await readFile(`${file}.large`);
    for (let page = 2; page < large.length / pageSize - 1; page++)
      if (isBranch(large, page)) onTheWay.push(page, Number(large.readBigUInt64LE(page * pageSize + 24)));
  });

  const isBranch = (bytes: Buffer, page: number) =>
    bytes.readBigUInt64LE(page * pageSize) === BigInt(page) && bytes.readUInt16LE(page * pageSize + 8) === 1;

  /** Looks for what is small and what is large; gives the code of an error of this program, and throws every other. */
  const outcome = async (): Promise<string> => {
    try {
      await reading.read();
      using database = openDatabase(reading.path, 'it.db');
      const key = bucketIn(database, rootBucket(database), 'key');
      for (const main of [2, 20, 42, 43]) {
        const revision = Buffer.from(`${main.toString(16).padStart(16, '0')}5f${'0'.repeat(16)}`, 'hex');
        if (key) valueIn(database, key, revision, 2 ** 21);
      }
      return 'read';
    } catch (error) {
      if (isSnapbackError(error)) return error.code;
      throw error;
    }
  };

  /** The same of all pages and all records. */
  const wholeOutcome = (): string => {
    try {
      using database = openDatabase(reading.path, 'it.db');
      const read = recordReader(database);
      checkStructure(database, { key: entry => void read(entry) });
      return 'read';
    } catch (error) {
      if (isSnapbackError(error)) return error.code;
      throw error;
    }
  };

  test('is found too short wherever it is cut', async () => {
    const expected = await reading.says(small);
    const body = small.length - 32;
    for (let size = 0; size < body; size += 512) {
      expect(await reading.fault(small.subarray(0, size)), `cut to ${size} bytes`).toMatch(
        /cut short|no valid meta page/,
      );
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: small.length }), async size => {
        const cut = small.subarray(0, size);
        if (size >= body) expect(await reading.says(cut)).toEqual(expected);
        else expect(await reading.fault(cut)).toMatch(/cut short|no valid meta page/);
      }),
      { numRuns: 200 },
    );
  });

  test('with any bit of one meta page flipped is read by the other, or as if it were whole', async () => {
    const expected = await reading.says(small);
    await writeFile(reading.path, small);
    await using handle = await open(reading.path, 'r+');
    for (const page of [0, 1])
      for (let byte = 0; byte < 80; byte++) {
        const offset = page * pageSize + byte;
        const flipped = Buffer.from([(small[offset] ?? 0) ^ (1 << (byte % 8))]);
        await handle.write(flipped, 0, 1, offset);
        expect(await reading.read(), `byte ${offset}`).toEqual(expected);
        await handle.write(small, offset, 1, offset);
      }
  });

  test.each(['small', 'large'])(
    'that is %s, with a bit flipped anywhere, is read or is said to be damaged',
    async which => {
      const bytes = which === 'small' ? small : large;
      const pages = which === 'small' ? [0, 1, 2, 3, 4] : onTheWay;
      await writeFile(reading.path, bytes);
      await using handle = await open(reading.path, 'r+');
      const seen = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...pages),
          // What is wrong at the beginning of a page does most.
          fc.oneof(fc.nat(200), fc.nat(pageSize - 1)),
          fc.nat(7),
          async (page, byte, bit) => {
            const offset = page * pageSize + byte;
            await handle.write(Buffer.from([(bytes[offset] ?? 0) ^ (1 << bit)]), 0, 1, offset);
            const code = await outcome();
            seen.set(code, (seen.get(code) ?? 0) + 1);
            await handle.write(bytes, offset, 1, offset);
            expect(['read', 'integrity']).toContain(code);
          },
        ),
        { numRuns: 500 },
      );
      expect([...seen.keys()].sort()).toEqual(['integrity', 'read']);
    },
  );

  test('with a number made hostile, under a checksum that is right, is read or is said to be damaged', async () => {
    await writeFile(reading.path, large);
    await using handle = await open(reading.path, 'r+');
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...onTheWay),
        fc.oneof(fc.nat(20), fc.nat(pageSize / 4 - 1)),
        fc.oneof(fc.nat(600), fc.constantFrom(0, 1, 2 ** 16 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1)),
        async (page, word, value) => {
          const [from, to] = [page * pageSize, (page + 1) * pageSize];
          const changed = Buffer.from(large.subarray(from, to));
          changed.writeUInt32LE(value, word * 4);
          if (page < 2) seal(changed, 0);
          await handle.write(changed, 0, pageSize, from);
          for (const code of [await outcome(), wholeOutcome()]) {
            seen.set(code, (seen.get(code) ?? 0) + 1);
            expect(['read', 'integrity']).toContain(code);
          }
          await handle.write(large, from, pageSize, from);
        },
      ),
      { numRuns: 500 },
    );
    expect([...seen.keys()].sort()).toEqual(['integrity', 'read']);
  });
});
