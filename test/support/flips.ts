/** Which bits of a file are turned over: half of them anywhere, and half so that every kind of bytes has its share. */
import { type Kind, kinds, type Piece } from './bolt-map.ts';
import type { Random } from './random.ts';

/** The byte at `offset`, and the bit in it (1 to 128). */
export type Flip = { offset: number; bit: number; kind: Kind };

/** `pieces` cover the file in order. */
export const chooseFlips = (pieces: Piece[], random: Random, count: number): Flip[] => {
  const present = kinds
    .map(kind => pieces.filter(piece => piece.kind === kind))
    .filter(ones => ones.length > 0);
  return Array.from({ length: count }, (_, index) => {
    const among = index % 2 ? pieces : (present[(index / 2) % present.length] ?? pieces);
    return { ...byteIn(among, random), bit: 1 << random(8) };
  });
};

/** Each byte of them is as likely as any other. */
const byteIn = (pieces: Piece[], random: Random): Pick<Flip, 'offset' | 'kind'> => {
  const size = pieces.reduce((sum, { start, end }) => sum + end - start, 0);
  let left = random(size);
  for (const { start, end, kind } of pieces) {
    if (left < end - start) return { offset: start + left, kind };
    left -= end - start;
  }
  throw new Error('the pieces have no bytes');
};

/** Sizes to cut a file of `size` bytes to: half of them anywhere, half where its own size would not tell at once. */
export const chooseCuts = (size: number, random: Random, count: number): number[] =>
  Array.from({ length: count }, (_, index) => {
    if (index % 2) return random(size);
    // Whole blocks, with and without the bytes that etcd's trailer has; now and then only what it appended is missing.
    if (index % 16 === 0) return size - 1 - random(32);
    return 512 * random(Math.floor(size / 512)) + (index % 4 ? 32 : 0);
  });
