/** A snapshot file that any tool made, unpacked once, and what it says of itself. */
import { readMetaBucket } from '../bolt/meta-bucket.ts';
import { type ManifestCore, parseCore } from '../catalog/core.ts';
import type { Secret } from '../secret.ts';
import type { Context } from './context.ts';
import { fetchFile } from './fetch.ts';

export type FileFacts = {
  /** What this program recorded of it, where it made the file. */
  recorded: ManifestCore | null;
  /** Of etcd's own file, with its trailer. */
  size: number;
  /** The full version as recorded, else the minor version of the data (`3.6`), which says it from 3.6 on; else null. */
  etcdVersion: string | null;
};

/**
 * Writes etcd's own file to `file`, which must not be there (0600), compares its trailer, and looks into it. Throws
 * `integrity` for damage and for what is no database of etcd, `not-found`, `usage` for a kind of file that is not read
 * or an identity that does not fit, `refused` for a newer format, `failed` for a full disk, or the signal's reason; what
 * was written is the caller's to remove.
 */
export const readFile = async (
  path: string,
  file: string,
  options: { identities: Secret[]; skipHashCheck: boolean },
  context: Context,
): Promise<FileFacts> => {
  const { core, size } = await fetchFile(path, file, options, context);
  const recorded = core === null ? null : parseCore(core, path);
  const { storageVersion } = await readMetaBucket(file, { name: path, signal: context.signal });
  return { recorded, size, etcdVersion: recorded?.etcd.version ?? minorIn(storageVersion) };
};

/** etcd counts the version of its data by minors: the last number is always 0. */
const minorIn = (storageVersion: string | null): string | null =>
  storageVersion === null ? null : storageVersion.split('.', 2).join('.');
