/**
 * zstd frames to bytes, with the exact end found by frame-header.ts. Frames of the size that this program writes are
 * decompressed on the thread pool, several at once; larger ones, of other programs, are streamed.
 */
import { promisify } from 'node:util';
import { constants, createZstdDecompress, zstdDecompress } from 'node:zlib';
import { messageOf, type SnapbackError } from '../errors.ts';
import { isSkippable, readSkippable } from './core-frame.ts';
import type { Damage } from './damage.ts';
import { decoded } from './decoder.ts';
import { type FrameHeader, frameBytes, frameMagic, readFrameHeader, windowLimit } from './frame-header.ts';
import { framesInFlight, wholeFrameLimit } from './frames.ts';
import { inOrder } from './in-order.ts';
import { type ByteReader, byteReader } from './reader.ts';

const unzstd = promisify(zstdDecompress);

/**
 * The stage for a pipeline. `core` is told the content of the last frame when that is a skippable one that can be a
 * core, else null. Whatever is not whole, valid zstd to the very last byte is an `integrity` error; memory stays
 * bounded whatever the headers promise (a window is at most 128 MiB).
 */
export const decompress = (damage: Damage, core: (bytes: Buffer | null) => void) =>
  async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let last: Buffer | null = null;
    const contents = inOrder<Buffer>(framesInFlight);
    for await (const frame of frames(byteReader(source), damage)) {
      last = frame.kind === 'skippable' ? frame.bytes : null;
      if (frame.kind === 'whole') {
        contents.add(decompressWhole(frame, damage));
        if (contents.full()) yield await contents.next();
      } else if (frame.kind === 'streamed') {
        while (!contents.empty()) yield await contents.next();
        yield* decompressStreamed(frame, damage);
      }
    }
    while (!contents.empty()) yield await contents.next();
    core(last);
  };

type Whole = { kind: 'whole'; bytes: Buffer; contentSize: number };
type Streamed = { kind: 'streamed'; bytes: AsyncIterable<Buffer>; contentSize: number | null };
type Skippable = { kind: 'skippable'; bytes: Buffer | null };

/** The bytes of a streamed frame must have been read before the next frame is asked for. */
async function* frames(reader: ByteReader, damage: Damage): AsyncGenerator<Whole | Streamed | Skippable> {
  for (let count = 0; ; count++) {
    const head = Buffer.from(await reader.take(4));
    if (head.length === 0 && count > 0) return;
    if (head.length === 0) throw damage('zstd', 'is empty');
    if (head.length < 4)
      throw damage('zstd', 'is cut short, or has bytes after its end that do not belong to it');
    const magic = head.readUInt32LE();
    if (isSkippable(magic)) yield { kind: 'skippable', bytes: await readSkippable(reader, magic, damage) };
    else if (magic === frameMagic)
      yield await dataFrame(reader, await readFrameHeader(reader, head, damage), damage);
    else
      throw damage(
        'zstd',
        count === 0 ? 'does not begin as zstd does' : 'goes on with bytes that are no zstd frame',
      );
  }
}

const dataFrame = async (
  reader: ByteReader,
  header: FrameHeader,
  damage: Damage,
): Promise<Whole | Streamed> => {
  const { contentSize } = header;
  const bytes = frameBytes(reader, header, damage);
  if (contentSize === null || contentSize > wholeFrameLimit) return { kind: 'streamed', bytes, contentSize };
  const parts: Buffer[] = [];
  let size = 0;
  for (let next = await bytes.next(); !next.done; next = await bytes.next()) {
    parts.push(next.value);
    size += next.value.length;
    // Far more than its content: a frame of tiny blocks, honest or not, which may go on without an end.
    if (size > wholeFrameLimit + 1024 * 1024)
      return { kind: 'streamed', bytes: chain(parts, bytes), contentSize };
  }
  return { kind: 'whole', bytes: Buffer.concat(parts), contentSize };
};

async function* chain(parts: Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* parts;
  yield* rest;
}

const decompressWhole = async (frame: Whole, damage: Damage): Promise<Buffer> => {
  // One byte more than the content, or Node asks for a second buffer of the same size just to see the end.
  const content = await unzstd(frame.bytes, {
    chunkSize: Math.max(64, frame.contentSize + 1),
    maxOutputLength: Math.max(1, frame.contentSize),
  }).catch((error: unknown) => {
    throw invalid(error, damage);
  });
  if (content.length !== frame.contentSize) throw otherSize(content.length, frame.contentSize, damage);
  return content;
};

async function* decompressStreamed(frame: Streamed, damage: Damage): AsyncGenerator<Buffer> {
  const { contentSize } = frame;
  const decoder = createZstdDecompress({
    chunkSize: 256 * 1024,
    params: { [constants.ZSTD_d_windowLogMax]: Math.log2(windowLimit) },
  });
  const parts = decoded(
    inLargerPieces(frame.bytes),
    decoder,
    error => invalid(error, damage),
    () => damage('zstd', 'has a frame that ends before its last block'),
  );
  let size = 0;
  for await (const part of parts) {
    size += part.length;
    if (contentSize !== null && size > contentSize) break;
    yield part;
  }
  if (contentSize !== null && size !== contentSize) throw otherSize(size, contentSize, damage);
}

/** Each piece that is written to the decoder is a turn on the thread pool, and a block's header has three bytes. */
async function* inLargerPieces(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size >= 256 * 1024) {
      yield Buffer.concat(parts);
      parts = [];
      size = 0;
    }
  }
  yield Buffer.concat(parts);
}

const invalid = (error: unknown, damage: Damage): SnapbackError =>
  damage('zstd', `cannot be decompressed (${messageOf(error)})`, error);

const otherSize = (found: number, told: number, damage: Damage): SnapbackError =>
  damage('zstd', `has a frame of ${found} bytes or more whose header tells ${told}`);
