/** A stored snapshot as the file that `etcdctl snapshot save` would have written, compared with its manifest on the way. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isCoreOf, parseCore } from '../catalog/core.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { decode } from '../codec/codec.ts';
import { openForeign } from '../codec/foreign.ts';
import { someIdentityFits } from '../codec/identities.ts';
import { from, isSnapbackError, SnapbackError } from '../errors.ts';
import { checkTrailer } from '../etcd/trailer.ts';
import { fileTrouble } from '../file-trouble.ts';
import type { Secret } from '../secret.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';

/**
 * Writes the snapshot to `file`, which must not be there (0600). Compares object hash and size, decrypts, decompresses to
 * the exact end, compares etcd's trailer, the plain hash and the core frame. Throws `integrity` for damage, `usage` for
 * an identity that does not fit, `not-found`, `store`, `failed` for a full disk, or the signal's reason; what was
 * written is the caller's to remove.
 */
export const fetchSnapshot = async (
  store: Store,
  manifest: Manifest,
  file: string,
  identities: Secret[],
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
): Promise<void> => {
  const { object, plain } = manifest;
  const name = `${manifest.cluster.name}/${object.name}`;
  if (object.encryption === 'age' && !(await someIdentityFits(identities, object.recipients)))
    throw noIdentity(manifest.id, identities.length);
  const source = await store.get(name, { signal });
  const decoded = decode(source, {
    compression: object.compression,
    encryption: object.encryption,
    identities,
    expected: { object: { size: object.size, sha256: object.sha256 }, plain },
    name: `the object ${name}`,
    signal,
  });
  await writeChecked(decoded.stream, file, { trailer: true, total: plain.size, signal, progress });
  const core = decoded.core();
  if (core === null ? object.compression === 'zstd' : !isCoreOf(parseCore(core, name), manifest))
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

/** The same from a file that any tool made; gives what this program knew of it, where it made it. */
export const fetchFile = async (
  path: string,
  file: string,
  options: { identities: Secret[]; skipHashCheck: boolean },
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
): Promise<{ core: Uint8Array | null; size: number; sha256: string }> => {
  const foreign = openForeign(path, { identities: options.identities, signal });
  await writeChecked(foreign.stream, file, {
    trailer: !options.skipHashCheck,
    total: null,
    signal,
    progress,
  });
  return { core: foreign.core(), ...foreign.plain() };
};

const writeChecked = async (
  source: Readable,
  file: string,
  options: { trailer: boolean; total: number | null } & Pick<Context, 'signal' | 'progress'>,
): Promise<void> => {
  let done = 0;
  source.on('data', (chunk: Buffer) => {
    done += chunk.length;
    options.progress({ phase: 'fetch', done, total: options.total });
  });
  source.pause();
  const target = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  try {
    if (options.trailer) await pipeline(source, checkTrailer(), target, { signal: options.signal });
    else await pipeline(source, target, { signal: options.signal });
    await using handle = await open(file, 'r+');
    await handle.sync();
  } catch (error) {
    options.signal.throwIfAborted();
    throw asDamage(error, file);
  }
};

/** A trailer that is wrong on its way from etcd is etcd's trouble; in what was stored it is damage. */
const asDamage = (error: unknown, file: string): SnapbackError => {
  if (isSnapbackError(error) && error.code === 'etcd')
    return new SnapbackError('integrity', {
      operation: 'compare the SHA-256 at the end',
      object: 'the snapshot',
      reason: error.reason,
      hint: 'It is damaged or cut short: use another. A file copied out of a data directory has none: --skip-hash-check takes such a one.',
      cause: error,
    });
  return from(error, 'failed', {
    operation: 'write the file',
    object: `file ${file}`,
    reason: fileTrouble(error),
    hint: 'Mend that, or name another folder.',
  });
};

const noIdentity = (id: string, given: number): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'decrypt',
    object: `snapshot ${id}`,
    reason:
      given === 0
        ? 'is encrypted, and no identity was given'
        : 'is encrypted for other keys than those given',
    hint: 'Give the file with the age key: --identity FILE. `snapback show` prints for whom it is encrypted.',
  });
