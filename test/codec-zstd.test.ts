import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress } from '../src/codec/compress.ts';
import { coreFrame, coreLimit } from '../src/codec/core-frame.ts';
import { damageOf } from '../src/codec/damage.ts';
import { decompress } from '../src/codec/decompress.ts';
import { bytesOf, sampleBytes, streamOf } from './support/streams.ts';

const MiB = 1024 * 1024;
const damage = damageOf('the file');

const decompressed = async (bytes: Uint8Array, chunk?: number) => {
  let core: Buffer | null = null;
  const content = await bytesOf(
    decompress(damage, found => {
      core = found;
    })(streamOf(bytes, chunk)),
  );
  return { content, core: core as Buffer | null };
};

const zstd = (input: Uint8Array, ...options: string[]): Buffer =>
  execFileSync('zstd', ['-cq', ...options], { input, maxBuffer: 64 * MiB });

const isIntegrity = { code: 'integrity' };

test('any content in any chunks comes back, around the bounds of frames too', async () => {
  const frame = 64;
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5 * frame }),
      fc.integer({ min: 1, max: 3 * frame }),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 4 }),
      fc.uint8Array({ maxLength: 100 }),
      async (content, chunkIn, chunkOut, inFlight, core) => {
        const stage = compress({ level: 1, core: async () => core }, frame, inFlight);
        const stored = await bytesOf(stage(streamOf(content, chunkIn)));
        const back = await decompressed(stored, chunkOut);
        expect(back.content).toEqual(Buffer.from(content));
        expect(back.core).toEqual(Buffer.from(core));
      },
    ),
  );
});

test('a core over the limit is refused when it is written', () => {
  expect(() => coreFrame(new Uint8Array(coreLimit + 1))).toThrow(RangeError);
});

// Each is a way in which zstd and its friends write frames: without content size, without checksum, with a long
// window, more content than is decompressed in one go, blocks that are raw or repeat one byte.
const large = Buffer.concat([sampleBytes(9 * MiB), randomBytes(MiB), Buffer.alloc(2 * MiB, 7)]);
const small = large.subarray(8 * MiB, 9 * MiB + 300_000);
const others: [string, Buffer, Buffer][] = [
  ['a stream of unknown size', zstd(large), large],
  ['a known size', zstd(large, `--stream-size=${large.length}`), large],
  ['a small known size', zstd(small, `--stream-size=${small.length}`), small],
  ['no checksum', zstd(small, '--no-check'), small],
  ['a long window and a high level', zstd(large, '-19', '--long=27'), large],
  ['a very fast level', zstd(large, '--fast=50'), large],
  [
    'several frames',
    Buffer.concat([zstd(small), zstd(large), zstd(small)]),
    Buffer.concat([small, large, small]),
  ],
  ['nothing', zstd(Buffer.alloc(0)), Buffer.alloc(0)],
  ['one byte', zstd(Buffer.from('x'), '--stream-size=1'), Buffer.from('x')],
];

describe.each(others)('a file of the zstd program: %s', (_, stored, content) => {
  test('comes back', async () => {
    for (const chunk of [stored.length || 1, 1000]) {
      const back = await decompressed(stored, chunk);
      expect(back.content.equals(content)).toBe(true);
      expect(back.core).toBe(null);
    }
  });

  test('is an integrity error when it is cut anywhere but between frames', async () => {
    const { length } = stored;
    const cuts = [1, 3, 4, 5, 6, 9, 12, 100, length >> 1, length - 5, length - 4, length - 3, length - 1];
    for (const cut of cuts.filter(cut => cut < length)) {
      await expect(decompressed(stored.subarray(0, cut)), `${cut}`).rejects.toMatchObject({
        ...isIntegrity,
        reason: expect.stringContaining('is cut short'),
      });
    }
  });

  test.each(['\0', 'x', 'more than four bytes', '\0'.repeat(100)])(
    'is an integrity error with %j after it',
    async more => {
      await expect(decompressed(Buffer.concat([stored, Buffer.from(more)]))).rejects.toMatchObject(
        isIntegrity,
      );
    },
  );
});

test('skippable frames of other programs are passed over, and only the last frame can be a core', async () => {
  const skippable = Buffer.from('5a2a4d1803000000787878', 'hex');
  const pzstd = Buffer.from('502a4d180400000011000000', 'hex');
  const data = zstd(small);
  const back = await decompressed(Buffer.concat([pzstd, data, skippable, pzstd, data, skippable]));
  expect(back.content.equals(Buffer.concat([small, small]))).toBe(true);
  expect(back.core).toBe(null);
  const own = await decompressed(Buffer.concat([skippable, data, coreFrame(Buffer.from('core'))]));
  expect(own.core?.toString()).toBe('core');
});

test('a frame of small content in tiny blocks, more bytes than are gathered, comes back', async () => {
  const content = sampleBytes(8 * MiB);
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 20) {
    const part = content.subarray(at, at + 20);
    const header = Buffer.alloc(3);
    header.writeUIntLE((part.length << 3) | (at + 20 >= content.length ? 1 : 0), 0, 3);
    blocks.push(header, part);
  }
  const header = Buffer.from('28b52ffda000000000', 'hex');
  header.writeUInt32LE(content.length, 5);
  const stored = Buffer.concat([header, ...blocks]);
  expect((await decompressed(stored)).content.equals(content)).toBe(true);
  await expect(decompressed(stored.subarray(0, -1))).rejects.toMatchObject(isIntegrity);
});

describe('hostile input is an integrity error', () => {
  const bomb = zstd(Buffer.alloc(7 * MiB), `--stream-size=${7 * MiB}`);
  const lying = (size: number): Buffer => {
    const frame = Buffer.from(bomb);
    frame.writeUInt32LE(size, frame.indexOf(Buffer.from(Uint32Array.of(7 * MiB).buffer)));
    return frame;
  };
  const head = (hex: string): Buffer => Buffer.from(`28b52ffd${hex}`, 'hex');
  test.each([
    ['a content size that is too small', lying(1000), 'cannot be decompressed'],
    ['a content size that is too large', lying(7 * MiB + 1), 'cannot be decompressed'],
    ['a content size that wants streaming and is too large', lying(100 * MiB), 'cannot be decompressed'],
    [
      'a content size of 2^64 - 1 in one segment',
      head('e0ffffffffffffffff010000'),
      'a window of 18446744073709552000 bytes',
    ],
    ['a window of terabytes', head('00ff010000'), 'a window of 4123168604160 bytes'],
    ['a window of 256 MiB', head('0090010000'), 'a window of 268435456 bytes'],
    ['a reserved bit', head('0858010000'), 'header is not valid'],
    ['a dictionary', head('215801010000'), 'dictionary'],
    ['a reserved block type', head('0058070000'), 'block whose header is not valid'],
    [
      'a block that is larger than its window',
      head(`2008490000${'00'.repeat(9)}`),
      'block whose header is not valid',
    ],
    [
      'a skippable frame of 4 GiB that is not there',
      Buffer.from('502a4d18ffffffff00', 'hex'),
      'is cut short',
    ],
    ['nothing at all', Buffer.alloc(0), 'is empty'],
    ['something else', Buffer.from('SQLite format 3\0'), 'does not begin as zstd does'],
  ])('%s', async (_, bytes, reason) => {
    await expect(decompressed(bytes)).rejects.toMatchObject({
      ...isIntegrity,
      object: 'the file',
      reason: expect.stringContaining(reason),
    });
  });

  test('whatever bytes there are', async () => {
    const magic = fc.constantFrom(
      ...['28b52ffd', '502a4d18', '28b52ffda4', ''].map(hex => Buffer.from(hex, 'hex')),
    );
    await fc.assert(
      fc.asyncProperty(magic, fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
        const result = await decompressed(Buffer.concat([start, rest])).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toMatchObject(isIntegrity);
      }),
      { numRuns: 2000 },
    );
  });
});
