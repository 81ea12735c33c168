/**
 * Bytes to independent zstd frames, compressed on Node's thread pool. Each has its content size and checksum, so
 * that every frame proves itself and can be decompressed on its own, in bounded memory.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { coreFrame } from './core-frame.ts';
import { frameSize, framesInFlight } from './frames.ts';
import { inOrder } from './in-order.ts';

const zstd = promisify(zstdCompress);

export type Compression = {
  /** zstd's level; 1 is the fastest of the usual ones. */
  level: number;
  /** The content of the last frame, a skippable one; asked for when all data has passed. */
  core(): Promise<Uint8Array>;
};

/** The stage for a pipeline. Fails with the source's error, or `core`'s. */
export const compress = (options: Compression, size = frameSize, inFlight = framesInFlight) =>
  async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const frames = inOrder<Buffer>(inFlight);
    const buffers: Buffer[] = [];
    const compressPiece = async ({ buffer, length }: Piece): Promise<Buffer> => {
      const frame = await compressFrame(buffer.subarray(0, length), options.level);
      buffers.push(buffer);
      return frame;
    };
    for await (const piece of gather(source, size, () => buffers.pop() ?? Buffer.allocUnsafeSlow(size))) {
      frames.add(compressPiece(piece));
      if (frames.full()) yield await frames.next();
    }
    while (!frames.empty()) yield await frames.next();
    yield coreFrame(await options.core());
  };

const compressFrame = (content: Buffer, level: number): Promise<Buffer> =>
  zstd(content, {
    pledgedSrcSize: content.length,
    // A database shrinks to a fifth: one turn on the thread pool for a frame, where Node's 16 KiB would make fifty.
    chunkSize: Math.max(64 * 1024, content.length >> 2),
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });

type Piece = { buffer: Buffer; length: number };

async function* gather(
  source: AsyncIterable<Buffer>,
  size: number,
  buffer: () => Buffer,
): AsyncGenerator<Piece> {
  let piece: Piece | null = null;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      piece ??= { buffer: buffer(), length: 0 };
      const copied = chunk.copy(piece.buffer, piece.length, at);
      piece.length += copied;
      at += copied;
      if (piece.length === size) {
        yield piece;
        piece = null;
      }
    }
  }
  if (piece) yield piece;
}
