import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkTrailer } from '../src/etcd/trailer.ts';
import { rejection } from './support/rejection.ts';

const snapshot = (database: Buffer): Buffer =>
  Buffer.concat([database, createHash('sha256').update(database).digest()]);

const database = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7) % 256));
const whole = snapshot(database);

const through = (bytes: Buffer, sizes: number[] = [512]): Promise<Buffer> =>
  buffer(Readable.from(pieces(bytes, sizes)).compose(checkTrailer()));

const pieces = function* (bytes: Buffer, sizes: number[]) {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
};

test('a whole snapshot passes unchanged however it is cut into pieces', async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(cuts, async sizes => {
      expect((await through(whole, sizes)).equals(whole)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('size and hash of the whole are known at its end, not before', async () => {
  const check = checkTrailer();
  expect(() => check.result()).toThrow('before the last byte');
  await buffer(Readable.from(pieces(whole, [100])).compose(check));
  const sha256 = createHash('sha256').update(whole).digest('hex');
  expect(check.result()).toEqual({ size: whole.length, sha256: `sha256:${sha256}` });
});

test('one bit that flipped anywhere is found, also in the trailer', async () => {
  const places = fc.integer({ min: 0, max: whole.length * 8 - 1 });
  await fc.assert(
    fc.asyncProperty(places, async bit => {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const error = await rejection(through(damaged));
      expect(error.code).toBe('etcd');
      expect(error.reason).toContain('does not match the SHA-256');
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['nothing at all', Buffer.alloc(0), 'ended after 0 bytes'],
  ['a trailer without a database', snapshot(Buffer.alloc(0)), 'ended after 32 bytes'],
  ['a stream that was cut', whole.subarray(0, 3000), 'ended after 3,000 bytes'],
  ['a database that is no multiple of 512', snapshot(database.subarray(0, 1000)), 'ended after 1,032 bytes'],
  ['one without its trailer', database, 'ended after 4,096 bytes'],
  ['one that was cut at a length that fits', whole.subarray(0, 1056), 'does not match the SHA-256'],
])('%s is refused before the end is seen', async (_, bytes, reason) => {
  const error = await rejection(through(bytes));
  expect(error).toMatchObject({ code: 'etcd', reason: expect.stringContaining(reason) });
  expect(error.hint).not.toBeNull();
});
