/** What keys come to by their folders: exact at any depth, and bounded however many folders there are. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Folders, newFolders } from '../src/bolt/folders.ts';
import { addSums, emptySums, type Sums } from '../src/bolt/sums.ts';

const add = (folders: Folders, key: string, size = 10, live = true): void => {
  const bytes = Buffer.from(key);
  folders.add(bytes, { start: 0, end: bytes.length, size, live });
};

const counted = (keys: string[], options: { prefix?: string; depth?: number; limit?: number } = {}) => {
  const folders = newFolders(Buffer.from(options.prefix ?? ''), options.depth ?? 2, options.limit);
  for (const key of keys) add(folders, key);
  return Object.fromEntries(folders.rows().map(({ prefix, keys, whole }) => [prefix, whole ? [keys] : keys]));
};

const sumOf = (rows: Sums[]): Sums => {
  const all = emptySums();
  for (const row of rows) addSums(all, row);
  return all;
};

describe('the folders of keys', () => {
  test('have as many levels as were asked for, and each key is in one', () => {
    const keys = ['/a/b/c/d', '/a/b/c', '/a/b', '/a', 'a', 'a/b', 'a/b/c', '//x', ''];
    expect(counted(keys, { depth: 0 })).toEqual({ '': 9 });
    expect(counted(keys, { depth: 1 })).toEqual({ '/a/': 3, '/': 1, '': 2, 'a/': 2, '//': 1 });
    expect(counted(keys)).toEqual({ '/a/b/': 2, '/a/': 1, '/': 1, '': 2, 'a/': 1, 'a/b/': 1, '//': 1 });
  });

  test('begin below the prefix, wherever in a name it ends', () => {
    const keys = ['/registry/pods/a/x', '/registry/pods/b/y', '/registry/secrets/a/z'];
    expect(counted(keys, { prefix: '/registry/', depth: 1 })).toEqual({
      '/registry/pods/': 2,
      '/registry/secrets/': 1,
    });
    expect(counted(keys, { prefix: '/registry', depth: 1 })).toEqual({
      '/registry/pods/': 2,
      '/registry/secrets/': 1,
    });
    expect(counted(keys.slice(0, 2), { prefix: '/registry/po', depth: 1 })).toEqual({ '/registry/pods/': 2 });
    expect(counted(keys.slice(0, 2), { prefix: '/registry/po', depth: 0 })).toEqual({ '/registry/': 2 });
  });

  test('that are too many are swallowed by the one above them, which says so; others stay as they are', () => {
    const many = Array.from({ length: 500 }, (_, at) => `/users/${at}/name`);
    expect(counted(['/a/b/c', ...many, '/a/b/d', ...many], { limit: 100 })).toEqual({
      '/a/b/': 2,
      '/users/': [1000],
    });
    const deep = Array.from({ length: 500 }, (_, at) => `/users/${at}/home/name`);
    expect(counted(deep, { depth: 3, limit: 100 })).toEqual({ '/users/': [500] });
  });

  test('lose no record and are bounded, whatever the keys are', () => {
    const key = fc.array(fc.constantFrom('/', '/', 'a', 'b', 'ccc'), { maxLength: 12 });
    const record = fc.record({ key, size: fc.nat(100), live: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 300 }),
        fc.nat(5),
        fc.integer({ min: 2, max: 20 }),
        (all, depth, limit) => {
          const folders = newFolders(Buffer.alloc(0), depth, limit);
          for (const { key, size, live } of all) add(folders, key.join(''), size, live);
          const rows = folders.rows();
          expect(rows.length).toBeLessThanOrEqual(limit);
          expect(sumOf(rows)).toEqual({
            keys: all.filter(({ live }) => live).length,
            bytes: all.reduce((sum, { size, live }) => sum + (live ? size : 0), 0),
            pastRecords: all.filter(({ live }) => !live).length,
            pastBytes: all.reduce((sum, { size, live }) => sum + (live ? 0 : size), 0),
          });
          for (const { prefix } of rows.filter(({ whole }) => whole))
            expect(rows.filter(row => row.prefix.startsWith(prefix))).toHaveLength(1);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of keys with very long names are not kept at their length', () => {
    const rows = counted([`/a/${'x'.repeat(600)}/b`, `/a/${'y'.repeat(100)}/b`]);
    expect(rows).toEqual({ '/a/': 1, [`/a/${'y'.repeat(100)}/`]: 1 });
  });
});
