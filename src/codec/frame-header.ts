/**
 * Where a zstd frame begins and ends, by its frame and block headers (RFC 8878 §3.1.1). Node's own decoder takes a
 * cut stream for a whole one on many versions and ignores what follows the end, so the end is found here.
 */
import type { Damage } from './damage.ts';
import type { ByteReader } from './reader.ts';

export const frameMagic = 0xfd2fb528;

/** The largest window that is decoded: what `zstd -d` itself takes without `--long=31` or `--memory`. */
export const windowLimit = 128 * 1024 * 1024;

export type FrameHeader = {
  /** The header's bytes, with the magic number. */
  bytes: Buffer;
  windowSize: number;
  /** Null where the frame does not tell. */
  contentSize: number | null;
  checksum: boolean;
};

/** Reads the header that follows `magic`. Fails with `integrity` where it is cut, not valid, or wants too much memory. */
export const readFrameHeader = async (
  reader: ByteReader,
  magic: Buffer,
  damage: Damage,
): Promise<FrameHeader> => {
  const parts = [Buffer.from(magic)];
  const take = async (count: number): Promise<Buffer> => {
    const bytes = Buffer.from(await reader.take(count));
    if (bytes.length < count) throw cut(damage);
    parts.push(bytes);
    return bytes;
  };
  const descriptor = (await take(1)).readUInt8();
  if (descriptor & 0b1000)
    throw damage('zstd', 'has a frame whose header is not valid (its reserved bit is set)');
  const singleSegment = (descriptor & 0b10_0000) !== 0;
  const window = singleSegment ? null : windowOf((await take(1)).readUInt8());
  const dictionary = await take([0, 1, 2, 4][descriptor & 0b11] as number);
  if (dictionary.some(byte => byte !== 0))
    throw damage('zstd', 'was compressed with a dictionary, which nobody has given');
  const contentSize = contentSizeOf(await take(contentSizeLength(descriptor >> 6, singleSegment)));
  const windowSize = window ?? contentSize ?? 0;
  if (windowSize > windowLimit)
    throw damage(
      'zstd',
      `has a frame that wants a window of ${windowSize} bytes; at most ${windowLimit} are given`,
    );
  return { bytes: Buffer.concat(parts), windowSize, contentSize, checksum: (descriptor & 0b100) !== 0 };
};

/**
 * The bytes of the frame whose header was read, with the header, to the exact end. A buffer is valid until the next
 * one is asked for. Fails with `integrity` where the frame is cut or a block header is not valid.
 */
export async function* frameBytes(
  reader: ByteReader,
  header: FrameHeader,
  damage: Damage,
): AsyncGenerator<Buffer> {
  yield header.bytes;
  const blockLimit = Math.min(header.windowSize, 128 * 1024);
  for (let last = false; !last; ) {
    const head = await reader.take(3);
    if (head.length < 3) throw cut(damage);
    const word = head.readUIntLE(0, 3);
    last = (word & 1) === 1;
    const type = (word >> 1) & 0b11;
    const size = word >> 3;
    if (type === 3 || size > blockLimit) throw damage('zstd', 'has a block whose header is not valid');
    yield head;
    yield* exactly(reader, type === 1 ? 1 : size, damage);
  }
  if (header.checksum) yield* exactly(reader, 4, damage);
}

/** `count` bytes in pieces; `integrity` where the stream ends before. */
export async function* exactly(reader: ByteReader, count: number, damage: Damage): AsyncGenerator<Buffer> {
  for (let missing = count; missing > 0; ) {
    const part = await reader.some(missing);
    if (!part) throw cut(damage);
    missing -= part.length;
    yield part;
  }
}

export const cut = (damage: Damage) => damage('zstd', 'is cut short: it ends in the middle of a frame');

const windowOf = (byte: number): number => {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 0b111);
};

const contentSizeLength = (flag: number, singleSegment: boolean): number =>
  flag === 0 ? (singleSegment ? 1 : 0) : 2 ** flag;

const contentSizeOf = (bytes: Buffer): number | null => {
  switch (bytes.length) {
    case 0:
      return null;
    case 1:
      return bytes.readUInt8();
    case 2:
      return bytes.readUInt16LE() + 256;
    case 4:
      return bytes.readUInt32LE();
    default:
      return Number(bytes.readBigUInt64LE());
  }
};
