/**
 * The payload of an age file: STREAM with ChaCha20-Poly1305 in chunks of 64 KiB (age-encryption.org/v1, "Payload").
 * node:crypto does it about ten times as fast as the JavaScript of age-encryption, which makes and reads the header.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { Damage } from './damage.ts';
import { type ByteReader, byteReader } from './reader.ts';

const algorithm = 'chacha20-poly1305';
const chunkSize = 64 * 1024;
const tagSize = 16;

/** Given on as one: each piece costs every stage behind, down to a write, about as much as sealing it. */
const chunksAtOnce = 4;

/** Random bytes between header and payload. */
export const nonceSize = 16;

export const payloadKey = (fileKey: Uint8Array, nonce: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32));

/** Sealed chunks, some at a time. Only an empty source has an empty last chunk. */
export async function* sealPayload(source: AsyncIterable<Buffer>, key: Buffer): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (const { chunk, number, last } of numbered(byteReader(source), chunkSize)) {
    const cipher = createCipheriv(algorithm, key, chunkNonce(number, last), { authTagLength: tagSize });
    parts.push(cipher.update(chunk), cipher.final(), cipher.getAuthTag());
    if (last || parts.length === 3 * chunksAtOnce) {
      yield Buffer.concat(parts);
      parts = [];
    }
  }
}

/** What the chunks hold. Cut, longer or changed is an `integrity` error, before anything of that chunk is given. */
export async function* openPayload(reader: ByteReader, key: Buffer, damage: Damage): AsyncGenerator<Buffer> {
  for await (const { chunk, number, last } of numbered(reader, chunkSize + tagSize)) {
    const size = chunk.length - tagSize;
    if (size < 0) throw damage('age', 'is cut short: it ends in the middle of a chunk');
    if (size === 0 && number > 0)
      throw damage('age', 'ends with an empty chunk, which no age program writes');
    const decipher = createDecipheriv(algorithm, key, chunkNonce(number, last), { authTagLength: tagSize });
    decipher.setAuthTag(chunk.subarray(size));
    const content = decipher.update(chunk.subarray(0, size));
    try {
      decipher.final();
    } catch (cause) {
      throw damage(
        'age',
        `was changed or cut short (chunk ${number}${last ? ', the last one,' : ''} does not prove itself)`,
        cause,
      );
    }
    if (size > 0) yield content;
  }
}

type Chunk = { chunk: Buffer; number: number; last: boolean };

/** At least one chunk, which may be empty. */
async function* numbered(reader: ByteReader, size: number): AsyncGenerator<Chunk> {
  let chunk = await reader.take(size);
  for (let number = 0; ; number++) {
    const next = await reader.take(size);
    yield { chunk, number, last: next.length === 0 };
    if (next.length === 0) return;
    chunk = next;
  }
}

/** 11 bytes of counter, big-endian, and one that marks the last chunk. */
const chunkNonce = (number: number, last: boolean): Buffer => {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
};
