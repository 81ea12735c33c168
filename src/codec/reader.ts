/** Reads a stream of chunks by counts of bytes and by lines, as parsers want it. */

export type ByteReader = {
  /** Exactly `count` bytes; fewer only where the stream ended before. */
  take(count: number): Promise<Buffer>;
  /** Some of the next bytes, at least one and at most `atMost`, without a copy; null at the end. */
  some(atMost: number): Promise<Buffer | null>;
  /** The bytes to the next line feed, with it; without it where the stream or `atMost` ended before. */
  line(atMost: number): Promise<Buffer>;
};

/** What it gives may be part of the source's own chunks, so it is for reading only. Fails with the source's error. */
export const byteReader = (source: AsyncIterable<Buffer>): ByteReader => {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done) return false;
      rest = next.value;
    }
    return true;
  };
  const cutOff = (count: number): Buffer => {
    const part = rest.subarray(0, count);
    rest = rest.subarray(part.length);
    return part;
  };
  const some = async (atMost: number) => ((await fill()) ? cutOff(atMost) : null);
  const take = async (count: number) => {
    if (rest.length >= count) return cutOff(count);
    const parts: Buffer[] = [];
    for (let missing = count; missing > 0; ) {
      const part = await some(missing);
      if (!part) break;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  };
  const line = async (atMost: number) => {
    const parts: Buffer[] = [];
    for (let missing = atMost; missing > 0 && (await fill()); ) {
      const end = rest.indexOf(0x0a) + 1;
      const part = cutOff(Math.min(missing, end || rest.length));
      parts.push(part);
      missing -= part.length;
      if (end > 0) break;
    }
    return Buffer.concat(parts);
  };
  return { take, some, line };
};

/**
 * The first `count` bytes, fewer only where the source has no more, and then all of it, from the first byte on.
 */
export const peek = async (
  source: AsyncIterable<Buffer>,
  count: number,
): Promise<{ head: Buffer; all: AsyncIterable<Buffer> }> => {
  const chunks = source[Symbol.asyncIterator]();
  const seen: Buffer[] = [];
  for (let size = 0; size < count; ) {
    const next = await chunks.next();
    if (next.done) break;
    seen.push(next.value);
    size += next.value.length;
  }
  const all = async function* () {
    yield* seen.splice(0);
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  };
  return { head: Buffer.concat(seen).subarray(0, count), all: all() };
};
