/**
 * Pieces of a mebibyte in which a database goes through the process, used again and again: memory of its own for each
 * would be given back only when the garbage collector comes by, and cost time twice.
 */

/** Bytes of a piece. */
export const pieceSize = 1024 * 1024;

// What is kept for later; beyond it a piece is left to the garbage collector.
const mostFree = 8;

const free: Buffer[] = [];
const lent = new WeakSet<ArrayBufferLike>();

/** A whole piece; what is in it is of no meaning. Who never gives it back only leaves it to the garbage collector. */
export const takePiece = (): Buffer => {
  const piece = free.pop() ?? Buffer.allocUnsafeSlow(pieceSize);
  lent.add(piece.buffer);
  return piece;
};

/**
 * Says that nobody will read `bytes` any more, a piece or its beginning: it holds others soon. Bytes that lie elsewhere
 * are left alone.
 */
export const givePiece = ({ buffer }: Uint8Array): void => {
  if (lent.delete(buffer) && free.length < mostFree) free.push(Buffer.from(buffer));
};
