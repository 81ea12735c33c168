/** Bytes through the codec and back, with a key pair of this process, in each kind of object that is stored. */
import { createHash } from 'node:crypto';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { type Decoded, type Decoding, decode, encode } from '../../src/codec/codec.ts';
import type { Digest } from '../../src/codec/digest.ts';
import { secret } from '../../src/secret.ts';
import { bytesOf, streamOf } from './streams.ts';

const { signal } = new AbortController();

/** The secret key, as in an identity file, and its recipient. */
export const key = await generateX25519Identity();
export const recipient = await identityToRecipient(key);

export const kinds = [
  { compression: 'zstd', encryption: 'age' },
  { compression: 'zstd', encryption: null },
  { compression: 'none', encryption: 'age' },
  { compression: 'none', encryption: null },
] as const;
export type Kind = (typeof kinds)[number];

export const core = async (plain: Digest): Promise<Uint8Array> => Buffer.from(`core of ${plain.size} bytes`);

export const digestOf = (bytes: Uint8Array): Digest => ({
  size: bytes.length,
  sha256: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
});

/** What is stored for these bytes, and the digests that a manifest would record. */
export const encoded = async (
  kind: Kind,
  bytes: Buffer,
): Promise<{ stored: Buffer; plain: Digest; object: Digest }> => {
  const recipients = kind.encryption ? [recipient] : [];
  const coding = encode(streamOf(bytes), { ...kind, recipients, core, signal });
  const stored = await bytesOf(coding.stream);
  return { stored, plain: coding.plain(), object: coding.object() };
};

export const nothingExpected = { object: null, plain: null };

/** Decodes what is stored, with the right key and nothing recorded unless `options` say otherwise. */
export const decoding = (kind: Kind, stored: Uint8Array, options: Partial<Decoding> = {}): Decoded =>
  decode(streamOf(stored), {
    ...kind,
    identities: [secret(key)],
    expected: nothingExpected,
    signal,
    ...options,
  });

export const decoded = (kind: Kind, stored: Uint8Array, options?: Partial<Decoding>): Promise<Buffer> =>
  bytesOf(decoding(kind, stored, options).stream);
