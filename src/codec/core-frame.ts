/**
 * The last frame of what this program writes: a skippable one (RFC 8878 §3.1.2) with the manifest's core, which
 * every zstd decoder passes over.
 */
import type { Damage } from './damage.ts';
import type { ByteReader } from './reader.ts';

const coreMagic = 0x184d2a50;

/** The most bytes that a core may have. */
export const coreLimit = 4 * 1024 * 1024;

export const coreFrame = (core: Uint8Array): Buffer => {
  if (core.length > coreLimit)
    throw new RangeError(`a core of ${core.length} bytes is over the limit of ${coreLimit}`);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(coreMagic, 0);
  head.writeUInt32LE(core.length, 4);
  return Buffer.concat([head, core]);
};

/** True for the magic number of a skippable frame of any of the 16 kinds. */
export const isSkippable = (magic: number): boolean => (magic & 0xfffffff0) >>> 0 === coreMagic;

/**
 * Passes over the skippable frame that begins with `magic`, already read. Its content where it can be a core, by
 * kind and size, else null: other programs put frames of the same kind in for their own ends (pzstd does), so it
 * is a core only if nothing follows it. `integrity` where it is cut.
 */
export const readSkippable = async (
  reader: ByteReader,
  magic: number,
  damage: Damage,
): Promise<Buffer | null> => {
  const cut = () => damage('zstd', 'is cut short: it ends in the middle of its last frame');
  const head = await reader.take(4);
  if (head.length < 4) throw cut();
  const size = head.readUInt32LE();
  const keep = magic === coreMagic && size <= coreLimit;
  const parts: Buffer[] = [];
  for (let missing = size; missing > 0; ) {
    const part = await reader.some(missing);
    if (!part) throw cut();
    if (keep) parts.push(Buffer.from(part));
    missing -= part.length;
  }
  return keep ? Buffer.concat(parts) : null;
};
