import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyHash } from '../src/bolt/key-hash.ts';
import { type Living, openKeyTable } from '../src/bolt/key-table.ts';
import { isSnapbackError } from '../src/errors.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

// HalfSipHash's own vectors of 64 bits (github.com/veorq/SipHash, vectors.h), for texts of as many bytes, counting up.
test.each([
  [0, '218d1f59b9b83cc8'],
  [1, 'be552412f8387315'],
  [2, '064f39ef7c50eb57'],
  [3, 'ce0f1a45f7060679'],
  [4, 'd5e78a175be52ea1'],
  [5, 'cb9d7c3f2f3db580'],
  [15, '217d0bcb4e81c902'],
])('the hash of %i bytes is the published one', (length, expected) => {
  const words = new Uint32Array(3);
  keyHash(Buffer.from([0, 1, 2, 3, 4, 5, 6, 7]))(
    Uint8Array.from({ length }, (_, at) => at),
    words,
  );
  expect(Buffer.from(words.buffer, 0, 8).toString('hex')).toBe(expected);
});

/** A record of a key, of none, or the place that is marked. */
type Step = { key: string; tombstone: boolean } | 'skip' | 'mark';

const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ key: fc.stringMatching(/^[ab]{0,5}$/), tombstone: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant('skip' as const) },
);
const history = fc
  .tuple(fc.array(step, { maxLength: 200 }), fc.array(step, { maxLength: 200 }))
  .map(([before, after]): Step[] => [...before, 'mark', ...after]);

test('the newest records of keys are told, in memory and from the disk, of the mark and of the end', async () => {
  await using folder = await temporaryFolder();
  fc.assert(
    fc.property(history, fc.constantFrom(0, 1, 5, 20, 1000), (steps, limit) => {
      using table = openKeyTable({ scratch: folder.path, limit });
      for (const one of steps) {
        if (one === 'skip') table.skip();
        else if (one === 'mark') table.mark();
        else table.add(Buffer.from(`<${one.key}>`), one.tombstone, 1, 1 + one.key.length);
      }
      const { marked, newest } = table.finish();
      const at = steps.indexOf('mark');
      expect(told(marked, steps)).toEqual(model(steps.slice(0, at)));
      expect(told(newest, steps)).toEqual(model(steps));
    }),
  );
  expect(readdirSync(folder.path)).toEqual([]);
});

const told = (living: Living | null, { length }: Step[]) => ({
  keys: living?.keys,
  records: Array.from({ length }, (_, at) => at).filter(at => living?.has(at)),
});

const model = (steps: Step[]) => {
  const newest = new Map<string, number>();
  for (const [at, one] of steps.filter(one => one !== 'mark').entries()) {
    if (one === 'skip') continue;
    if (one.tombstone) newest.delete(one.key);
    else newest.set(one.key, at);
  }
  const keys = newest.size - (newest.has('') ? 1 : 0);
  return { keys, records: [...newest.values()].sort((a, b) => a - b) };
};

test('200,000 keys, each written twice and every tenth removed, are sorted on a disk that shows no files', async () => {
  await using folder = await temporaryFolder();
  using table = openKeyTable({ scratch: folder.path, limit: 1000 });
  const keys = 200_000;
  for (let at = 0; at < 2 * keys; at++) {
    const key = at % keys;
    table.add(Buffer.from(`/registry/pods/${key}`), at >= keys && key % 10 === 0);
    // They are open by then, and have no name any more.
    if (at === keys) expect(readdirSync(folder.path)).toEqual([]);
  }
  const { marked, newest } = table.finish();
  expect(marked).toBeNull();
  expect(newest.keys).toBe(keys * 0.9);
  expect([0, keys - 1, keys, keys + 1, 2 * keys - 1].map(newest.has)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
});

test('a folder that takes no files is an error that names it', async () => {
  const missing = join('/nowhere', randomBytes(4).toString('hex'));
  using table = openKeyTable({ scratch: missing, limit: 1 });
  table.add(Buffer.from('a'), false);
  try {
    table.add(Buffer.from('b'), false);
    expect.unreachable();
  } catch (error) {
    if (!isSnapbackError(error)) throw error;
    expect(error).toMatchObject({ code: 'failed', object: `folder ${missing}` });
  }
});
