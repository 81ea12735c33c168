/**
 * A snapshot file that another tool made: what its layers are is found by their first bytes, and each is read to its
 * exact end. What is inside is not judged here: a database that was cut before it was packed looks whole.
 */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { messageOf, SnapbackError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { decryptAge } from './age-decrypt.ts';
import { dearmor } from './armor.ts';
import { chain } from './chain.ts';
import { damageOf } from './damage.ts';
import { decompress } from './decompress.ts';
import { type Digest, digest } from './digest.ts';
import { headSize, kindOf } from './file-kind.ts';
import { gunzip } from './gunzip.ts';
import { peek } from './reader.ts';

/** Packed more often than this, a file is a joke at somebody's cost. */
const layerLimit = 8;

export type Foreign = {
  /** The database as etcd gave it, with its trailer where the tool kept that. */
  stream: Readable;
  /** From the outside in: `age armor`, `age`, `gzip`, `zstd`; none for a bare database. Known from the first byte on. */
  layers(): string[];
  /** The core of a manifest, where this program wrote the file; known after the end. */
  core(): Uint8Array | null;
  /** Of what the stream gave; known after the end, before that it throws. */
  plain(): Digest;
};

export type ForeignReading = {
  /** Texts of age identity files. */
  identities: Secret[];
  signal: AbortSignal;
};

/**
 * Opens `file`, a path, when its stream is first read. The stream fails with `not-found` where there is no such
 * file, `usage` where it is a folder, of a kind that is not read (zip, tar, xz, …) or no identity fits, `integrity`
 * where a layer is damaged or what is inside is no database, `failed` where the file cannot be read, and with the
 * signal's reason on abort. The file is closed when the stream is.
 */
export const openForeign = (file: string, { identities, signal }: ForeignReading): Foreign => {
  const plain = digest();
  const layers: string[] = [];
  let core: Uint8Array | null = null;
  const keepCore = (bytes: Uint8Array | null) => {
    core = bytes;
  };
  const damage = damageOf(file);
  async function* unwrap(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { head, all } = await peek(source, headSize);
    const kind = kindOf(head);
    if (kind === 'database') {
      yield* all;
      return;
    }
    if (kind === null) throw noSnapshot(file, layers, head.length === 0);
    if (typeof kind === 'object') throw notRead(file, layers, kind);
    layers.push(kind);
    if (layers.length > layerLimit)
      throw damage(kind, `is the ${layers.length}th layer, and more than ${layerLimit} are not read`);
    if (kind === 'zstd') yield* unwrap(decompress(damage, keepCore)(all));
    else if (kind === 'gzip') yield* unwrap(gunzip(damage)(all));
    else if (kind === 'age armor') yield* unwrap(dearmor(damage)(all));
    else yield* unwrap(decryptAge(identities, { name: file, damage, patient: false })(all));
  }
  const source = Readable.from(fileBytes(file), { objectMode: false });
  return {
    stream: chain(source, [unwrap], plain, signal),
    layers: () => [...layers],
    core: () => core,
    plain: plain.result,
  };
};

async function* fileBytes(file: string): AsyncGenerator<Buffer> {
  try {
    await using handle = await open(file);
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(256 * 1024));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

const unreadable = (file: string, cause: unknown): SnapbackError => {
  const details = { operation: 'read the snapshot file', object: file, cause };
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    return new SnapbackError('not-found', { ...details, reason: 'is not there', hint: 'Check the path.' });
  }
  if (code === 'EISDIR') {
    return new SnapbackError('usage', {
      ...details,
      reason: 'is a folder',
      hint: 'Name the snapshot file in it.',
    });
  }
  return new SnapbackError('failed', { ...details, reason: `cannot be read (${messageOf(cause)})` });
};

const inside = (layers: string[]): string =>
  layers.length === 0 ? '' : ` below its ${layers.join(' and ')} layer`;

const noSnapshot = (file: string, layers: string[], empty: boolean): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the snapshot file',
    object: file,
    reason: empty
      ? `is empty${inside(layers)}`
      : `is no etcd snapshot${inside(layers)}: it begins neither as a database nor as anything that is unpacked here (zstd, gzip, age)`,
    hint: 'Name a file that etcdctl, etcdutl or this program made, or another copy of it.',
  });

const notRead = (file: string, layers: string[], kind: { unread: string; hint: string }): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'read the snapshot file',
    object: file,
    reason: `is ${kind.unread}${inside(layers)}, which is not read`,
    hint: kind.hint,
  });
