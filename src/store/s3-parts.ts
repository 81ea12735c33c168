/** Cuts a stream into parts in a few buffers that are used again and again. */
import type { Readable } from 'node:stream';

// The least that S3 takes for a part that is not the last; what is on its way at once is memory.
const smallest = 5 * 1024 * 1024;
/** Of one multipart upload, at AWS and at everybody else. */
const mostParts = 10_000;
/** One that is filled while the others are on their way; more costs memory and gains nothing on a local network. */
const buffers = 3;

/** Bytes of a part, so that an object of at most that size fits into 10,000 of them. */
export const partSize = (atMost = 0): number => {
  const needed = Math.ceil(atMost / mostParts);
  return Math.max(smallest, Math.ceil(needed / 1024 ** 2) * 1024 ** 2);
};

export type Part = {
  bytes: Uint8Array;
  last: boolean;
  /** Gives its buffer back: `bytes` are others from then on. */
  release(): void;
};

/**
 * The parts of a body, all of `size` but the last, which is empty only where the body is. Waits while all buffers
 * are in use. Throws what the body fails with, and never takes the end of a body that was torn down for its end.
 */
export async function* inParts(body: Readable, size: number): AsyncGenerator<Part, void> {
  const { take, give } = pool(size);
  let buffer = await take();
  let filled = 0;
  const part = (last: boolean): Part => {
    const mine = buffer;
    return { bytes: mine.subarray(0, filled), last, release: () => give(mine) };
  };
  for await (const chunk of body) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
    for (let at = 0; at < bytes.byteLength; ) {
      if (filled === size) {
        yield part(false);
        buffer = await take();
        filled = 0;
      }
      const some = bytes.subarray(at, at + size - filled);
      buffer.set(some, filled);
      filled += some.byteLength;
      at += some.byteLength;
    }
  }
  yield part(true);
}

const pool = (size: number) => {
  const free: Uint8Array[] = [];
  const waiting: ((buffer: Uint8Array) => void)[] = [];
  let made = 0;
  return {
    take: async (): Promise<Uint8Array> => {
      const one = free.pop();
      if (one) return one;
      if (made === buffers) return new Promise(done => waiting.push(done));
      made += 1;
      return Buffer.allocUnsafeSlow(size);
    },
    give: (buffer: Uint8Array): void => {
      const next = waiting.shift();
      if (next) next(buffer);
      else free.push(buffer);
    },
  };
};
