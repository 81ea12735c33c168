/** The bytes of a stored snapshot, decrypted and decompressed, compared with its manifest on the way. */
import { PassThrough, type Readable } from 'node:stream';
import { isCoreOf, parseCore } from '../catalog/core.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { chain } from '../codec/chain.ts';
import { decode } from '../codec/codec.ts';
import { someIdentityFits } from '../codec/identities.ts';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Store } from '../store/store.ts';

export type StoredSnapshot = {
  /** etcd's bytes with their trailer; fails with `integrity` in place of the end where size or hash differ. */
  stream: Readable;
  /** After the last byte: throws `integrity` when the object's core is not that of the manifest. */
  checkCore(): void;
};

/**
 * Throws `usage` for an identity that does not fit, before anything is read, `not-found`, `store`, or the signal's
 * reason. `onBytes` is told of stored bytes as they are read.
 */
export const openStored = async (
  store: Store,
  manifest: Manifest,
  identities: Secret[],
  { signal, onBytes }: { signal: AbortSignal; onBytes?(bytes: number): void },
): Promise<StoredSnapshot> => {
  const { object, plain } = manifest;
  const name = `${manifest.cluster.name}/${object.name}`;
  await checkIdentities(manifest, identities);
  const source = await store.get(name, { signal });
  const decoded = decode(onBytes ? counted(source, onBytes, signal) : source, {
    compression: object.compression,
    encryption: object.encryption,
    identities,
    expected: { object: { size: object.size, sha256: object.sha256 }, plain },
    name: `the object ${name}`,
    signal,
  });
  const checkCore = () => {
    const core = decoded.core();
    if (core === null ? object.compression !== 'zstd' : isCoreOf(parseCore(core, name), manifest)) return;
    throw new SnapbackError('integrity', {
      operation: 'compare the manifest with the object',
      object: `object ${name}`,
      reason:
        core === null
          ? 'does not hold what the manifest was made of'
          : 'was made for another manifest than the one beside it',
      hint: 'The object or the manifest was exchanged: use another snapshot.',
    });
  };
  return { stream: decoded.stream, checkCore };
};

/** The same bytes, told of as they pass. */
export const counted = (
  source: Readable,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Readable => {
  const count = async function* (bytes: AsyncIterable<Buffer>) {
    for await (const chunk of bytes) {
      onBytes(chunk.length);
      yield chunk;
    }
  };
  return chain(source, [count], new PassThrough(), signal);
};

/** Throws `usage` where a snapshot is encrypted and none of the identities is for it. */
export const checkIdentities = async ({ id, object }: Manifest, identities: Secret[]): Promise<void> => {
  if (object.encryption !== 'age' || (await someIdentityFits(identities, object.recipients))) return;
  throw new SnapbackError('usage', {
    operation: 'decrypt',
    object: `snapshot ${id}`,
    reason:
      identities.length === 0
        ? 'is encrypted, and no identity was given'
        : 'is encrypted for other keys than those given',
    hint: 'Give the file with the age key: --identity FILE. `snapback show` prints for whom it is encrypted.',
  });
};

/** A trailer that is wrong on its way from etcd is etcd's trouble; in what was stored it is damage. */
export const wrongTrailer = (error: unknown): unknown => {
  if (!isSnapbackError(error) || error.code !== 'etcd') return error;
  return new SnapbackError('integrity', {
    operation: 'compare the SHA-256 at the end',
    object: 'the snapshot',
    reason: error.reason,
    hint: 'It is damaged or cut short: use another. A file copied out of a data directory has none: --skip-hash-check takes such a one.',
    cause: error,
  });
};
