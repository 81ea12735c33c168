/** A stored snapshot as the file that `etcdctl snapshot save` would have written, compared with its manifest on the way. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Manifest } from '../catalog/manifest.ts';
import { openForeign } from '../codec/foreign.ts';
import { from, type SnapbackError } from '../errors.ts';
import { checkTrailer } from '../etcd/trailer.ts';
import { fileTrouble } from '../file-trouble.ts';
import type { Secret } from '../secret.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { openStored, wrongTrailer } from './open-stored.ts';

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
  const stored = await openStored(store, manifest, identities, { signal });
  const total = manifest.plain.size;
  await writeChecked(stored.stream, file, { trailer: true, total, signal, progress });
  stored.checkCore();
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

const asDamage = (error: unknown, file: string): SnapbackError =>
  from(wrongTrailer(error), 'failed', {
    operation: 'write the file',
    object: `file ${file}`,
    reason: fileTrouble(error),
    hint: 'Mend that, or name another folder.',
  });
