import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openSortedRuns } from '../src/bolt/sorted-runs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'aa', 'a\0', '\xff', '\xfe\xff'),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map(bytes => Buffer.from(bytes).toString('latin1')),
  fc.nat(50).map(number => `/registry/${'x'.repeat(number * 4000)}`),
);

// From one in each run to all in memory.
it.each([0, 1000, 1_000_000])(
  'the last row of each key, in the order of their bytes, with %i bytes in memory',
  async limit => {
    await using folder = await temporaryFolder();
    fc.assert(
      fc.property(fc.array(key, { maxLength: 60 }), keys => {
        using runs = openSortedRuns(folder.path, limit);
        const expected = new Map<string, number>();
        for (const [number, one] of keys.entries()) {
          const bytes = Buffer.from(`x${one}y`, 'latin1');
          const { rows, at } = runs.place(bytes, 1, bytes.length - 1);
          rows.writeUInt32LE(number, at);
          rows.writeUInt32LE(number, at + 60);
          expected.set(one, number);
        }
        expect(readdirSync(folder.path)).toEqual([]);
        const sorted = [];
        for (const { key: one, rows, at } of runs.sorted()) {
          expect(rows.readUInt32LE(at + 60)).toBe(rows.readUInt32LE(at));
          sorted.push([one, rows.readUInt32LE(at)]);
        }
        const order = [...expected].sort(([a], [b]) =>
          Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')),
        );
        expect(sorted).toEqual(order);
      }),
      { numRuns: 200 },
    );
  },
);

it('says what is wrong with the disk', () => {
  using runs = openSortedRuns('/nowhere/at/all', 0);
  runs.place(Buffer.from('a'), 0, 1);
  expect(() => runs.place(Buffer.from('b'), 0, 1)).toThrow(/folder \/nowhere\/at\/all/);
});
