/**
 * The one file that knows the order of the layers, both ways: digest → zstd → age → digest. What it stores,
 * `age -d | zstd -d` reads.
 */
import type { Readable } from 'node:stream';
import type { Secret } from '../secret.ts';
import { decryptAge } from './age-decrypt.ts';
import { encryptAge } from './age-encrypt.ts';
import { chain, type Stage } from './chain.ts';
import { compress } from './compress.ts';
import { damageOf, hintOfDamage } from './damage.ts';
import { decompress } from './decompress.ts';
import { type Digest, digest, type Expectation } from './digest.ts';

export type CompressionKind = 'zstd' | 'none';

export type Encoding = {
  compression: CompressionKind;
  /** zstd's level, 1 by default. */
  level?: number;
  /** age recipients, `age1…`; none leaves the bytes unencrypted. */
  recipients: string[];
  /**
   * Asked once, after the last byte of the source, for what the last frame shall hold (at most 4 MiB): the
   * manifest's core. Never asked with compression `none`, which has no place for it.
   */
  core(plain: Digest): Promise<Uint8Array>;
  /** The digest of the source after its last byte, where somebody takes it already; else it is taken here. */
  plain?(): Digest;
  signal: AbortSignal;
};

export type Encoded = {
  /** What is stored; to be handed to a store, whose promise is the only one to await. */
  stream: Readable;
  /** Of the source's bytes, and of the stored ones, once they have passed; before that they throw. */
  plain(): Digest;
  object(): Digest;
};

/**
 * The bytes of `source` as they are stored. A failure of the source, of `core`, or a recipient that does not parse
 * (`usage`; `checkRecipients` finds it sooner) is what the stream's consumer sees, and on abort it is the signal's
 * reason; a stream that is destroyed destroys the source.
 */
export const encode = (source: Readable, options: Encoding): Encoded => {
  const { compression, level = 1, recipients, signal } = options;
  const { plain, stages } = options.plain ? { plain: options.plain, stages: [] as Stage[] } : hashed();
  const object = digest();
  if (compression === 'zstd') {
    stages.push(compress({ level, core: () => bounded(options.core(plain()), signal) }));
  }
  if (recipients.length > 0) stages.push(encryptAge(recipients));
  return { stream: chain(source, stages, object, signal), plain, object: object.result };
};

const hashed = (): { plain(): Digest; stages: Stage[] } => {
  const plain = digest();
  return { plain: plain.result, stages: [plain] };
};

export type Decoding = {
  compression: CompressionKind;
  encryption: 'age' | null;
  /** Texts of identity files. */
  identities: Secret[];
  /** What was recorded, where it is known. */
  expected: { object: Digest | null; plain: Digest | null };
  /** What is read, for errors: `the object prod/2026….db.zst.age`; by default `the stored object`. */
  name?: string;
  signal: AbortSignal;
};

export type Decoded = Encoded & {
  /** What the last frame holds, after the end; null where there is none. */
  core(): Uint8Array | null;
};

/**
 * The bytes that were given to `encode`, to the exact end: whatever differs, is cut short, goes on too long or was
 * changed is an `integrity` error in place of the end. No identity that fits is `usage`; where the object's digest
 * is known that is only said after the stored bytes have been compared with it, since a damaged header looks the
 * same (`someIdentityFits` tells at once, by the recorded recipients). On abort the consumer sees the signal's
 * reason.
 */
export const decode = (source: Readable, options: Decoding): Decoded => {
  const { compression, encryption, identities, expected, name = 'the stored object', signal } = options;
  const damage = damageOf(name);
  const object = digest(expectation(expected.object, name));
  const plain = digest(expectation(expected.plain, `the database in ${name}`));
  let core: Uint8Array | null = null;
  const keepCore = (bytes: Uint8Array | null) => {
    core = bytes;
  };
  const stages: Stage[] = [object];
  if (encryption === 'age')
    stages.push(decryptAge(identities, { name, damage, patient: expected.object !== null }));
  if (compression === 'zstd') stages.push(decompress(damage, keepCore));
  return {
    stream: chain(source, stages, plain, signal),
    plain: plain.result,
    object: object.result,
    core: () => core,
  };
};

/** The end of an object's name: `.db.zst.age`, `.db.zst`, `.db.age` or `.db`. */
export const suffix = (compression: CompressionKind, encrypted: boolean): string =>
  `.db${compression === 'zstd' ? '.zst' : ''}${encrypted ? '.age' : ''}`;

const expectation = (digest: Digest | null, object: string): Expectation | null =>
  digest && { ...digest, object, hint: hintOfDamage };

/** Settles when `promise` does or the signal aborts, whichever is first. */
const bounded = async <Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> => {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
};
