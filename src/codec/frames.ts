/** The sizes of zstd frames, chosen for memory and speed by bench/codec-memory.ts. */
import { pieceSize } from '../pieces.ts';

/**
 * Input bytes of one frame that is written; the last one has fewer. docs/format.md promises at most 8 MiB. 2 MiB make
 * what compresses 0.2 % smaller, and cost 15 MiB of memory where nothing compresses.
 */
export const frameSize = pieceSize;

/** Frames that are compressed or decompressed at once. */
export const framesInFlight = 3;

/** A frame of at most so many bytes of content is decompressed in one go; a larger one is streamed. */
export const wholeFrameLimit = 8 * 1024 * 1024;
