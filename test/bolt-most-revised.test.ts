/** The keys with the most records, against a plain count of all. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newMostRevised } from '../src/bolt/most-revised.ts';

const ranked = (keys: string[], top: number) => {
  const revised = newMostRevised();
  for (const key of keys) revised.count(Buffer.from(key), 0, key.length);
  for (const [main, key] of keys.entries())
    revised.add(Buffer.from(key), { start: 0, end: key.length, size: 10, main, sub: 0, live: true });
  const { rows, others } = revised.top(top);
  return { rows: rows.map(({ main, records, bytes }) => ({ key: keys[main], records, bytes })), others };
};

describe('the most revised keys', () => {
  test('are those that a plain count finds, and nothing that is left out has more than is said', () => {
    const key = fc.integer({ min: 0, max: 30 }).map(number => `k${number}`);
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200 }), fc.integer({ min: 0, max: 8 }), (keys, top) => {
        const plain = new Map<string, number>();
        for (const key of keys) plain.set(key, (plain.get(key) ?? 0) + 1);
        const counts = [...plain.values()].filter(count => count > 1).toSorted((a, b) => b - a);
        const { rows, others } = ranked(keys, top);
        expect(rows.map(({ records }) => records)).toEqual(counts.slice(0, top));
        expect(others).toBe(counts[top] ?? 1);
        for (const { key, records, bytes } of rows) {
          expect(plain.get(key ?? '')).toBe(records);
          expect(bytes).toBe(10 * records);
        }
        expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
      }),
      { numRuns: 30 },
    );
  });

  test('are found among more keys than are counted each for itself', () => {
    const often = Array.from({ length: 7 }, () => ['often', 'twin']).flat();
    const many = Array.from({ length: 300_000 }, (_, at) => `k${at % 150_000}`);
    const { rows, others } = ranked([...many.slice(0, 200_000), ...often, ...many.slice(200_000)], 10);
    expect(rows).toEqual([
      { key: 'often', records: 7, bytes: 70 },
      { key: 'twin', records: 7, bytes: 70 },
    ]);
    // Of the others all have two, and it takes one more that shares a counter to know less.
    expect(others).toBeGreaterThanOrEqual(2);
    expect(others).toBeLessThan(7);
  });
});
