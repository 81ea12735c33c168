/** Bytes as streams and back. */
import { Readable } from 'node:stream';

/** The bytes in chunks of `size`, each a copy of its own. */
export const streamOf = (bytes: Uint8Array, size = 32 * 1024): Readable => {
  const chunks = function* () {
    for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
  };
  return Readable.from(chunks(), { objectMode: false });
};

export const bytesOf = async (stream: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** A source that gives `bytes` and then neither more nor an end. */
export const stalledAfter = (bytes: Uint8Array): Readable => {
  const stream = new Readable({ read: () => {} });
  stream.push(bytes);
  return stream;
};

/** Compressible bytes that differ everywhere, the same in every run. */
export const sampleBytes = (size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  for (let at = 0, record = 0; at < size; record++) {
    at += bytes.write(
      `{"kind":"Pod","name":"web-${record}","uid":"${(record * 2654435761) % 4294967296}"}`,
      at,
    );
  }
  return bytes;
};
