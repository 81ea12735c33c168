/**
 * Bytes to independent zstd frames, compressed on Node's thread pool. Each has its content size and checksum, so
 * that every frame proves itself and can be decompressed on its own, in bounded memory.
 */
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { givePiece, pieceSize, takePiece } from '../pieces.ts';
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
    const compressPiece = async (piece: Buffer): Promise<Buffer> => {
      const frame = await compressFrame(piece, options.level);
      givePiece(piece);
      return frame;
    };
    for await (const piece of gather(source, size)) {
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

/** All of the same size but the last. What comes as whole pieces is not copied. */
async function* gather(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  const take = () => (size === pieceSize ? takePiece() : Buffer.allocUnsafeSlow(size));
  let piece = take();
  let filled = 0;
  for await (const chunk of source) {
    if (filled === 0 && chunk.length === size) {
      yield chunk;
      continue;
    }
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(piece, filled, at);
      filled += copied;
      at += copied;
      if (filled === size) {
        yield piece;
        piece = take();
        filled = 0;
      }
    }
    givePiece(chunk);
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
