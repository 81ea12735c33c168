/** A snapshot file that any tool made, unpacked once, and what it says of itself. */
import { open, stat } from 'node:fs/promises';
import { ask } from '../bolt/ask.ts';
import { type ManifestCore, parseCore } from '../catalog/core.ts';
import { headSize, kindOf } from '../codec/file-kind.ts';
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
  const { storageVersion } = await ask('metaBucket', { path: file }, { name: path, signal: context.signal });
  return { recorded, size, etcdVersion: recorded?.etcd.version ?? minorIn(storageVersion) };
};

/**
 * The same of a database that lies bare on a disk, before any of it is copied, so that what is missing can be said
 * before a large file is read; null for a file that has to be unpacked first, and where it cannot be opened. Throws
 * `integrity`, `failed`, or the signal's reason.
 */
export const lookInto = async (
  path: string,
  { signal }: Pick<Context, 'signal'>,
): Promise<FileFacts | null> => {
  const size = await bareSize(path).catch(() => null);
  if (size === null) return null;
  const { storageVersion } = await ask('metaBucket', { path }, { name: path, signal });
  return { recorded: null, size, etcdVersion: minorIn(storageVersion) };
};

/** The bytes of a database that lies bare on a disk; null for what has to be unpacked first. Throws what Node throws. */
export const bareSize = async (path: string): Promise<number | null> => {
  const about = await stat(path);
  // A pipe gives its bytes only once.
  if (!about.isFile()) return null;
  await using handle = await open(path);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(headSize), 0, headSize, 0);
  return kindOf(buffer.subarray(0, bytesRead)) === 'database' ? about.size : null;
};

/** etcd counts the version of its data by minors: the last number is always 0. */
const minorIn = (storageVersion: string | null): string | null =>
  storageVersion === null ? null : storageVersion.split('.', 2).join('.');
