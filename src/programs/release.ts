/** etcd's released archive: fetched, compared with the published checksum, and only then unpacked. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { from, SnapbackError } from '../errors.ts';
import { download } from './download.ts';
import type { Aside } from './place.ts';
import type { Minor } from './versions.ts';
import { releases, versions } from './versions.ts';

export type ReleaseOptions = {
  /** In place of etcd's release host: `<baseUrl>/v3.6.16/SHA256SUMS` and the archive beside it. */
  baseUrl?: string;
  idleTimeout: number;
  onStep(text: string): void;
  signal: AbortSignal;
};

/**
 * Puts the programs of the pinned release into `aside.programs`. Throws `failed` when the host does not give
 * them or there is no archive for this kind of machine, `integrity` when the archive is not the published one.
 */
export const fetchRelease = async (minor: Minor, aside: Aside, options: ReleaseOptions): Promise<void> => {
  const { version, programs } = versions[minor];
  const stem = `etcd-v${version}-linux-${machine(version)}`;
  const archive = `${stem}.tar.gz`;
  const base = `${(options.baseUrl ?? releases).replace(/\/+$/, '')}/v${version}`;

  options.onStep(`fetch the checksums of etcd ${version} from ${base}`);
  const sums = join(aside.work, 'SHA256SUMS');
  await download(`${base}/SHA256SUMS`, sums, options);
  const expected = checksumOf(archive, await readFile(sums, 'utf8'));
  if (expected === null) throw noChecksum(`${base}/SHA256SUMS`, archive);

  options.onStep(`fetch ${archive}`);
  const file = join(aside.work, archive);
  const found = await download(`${base}/${archive}`, file, options);
  if (found !== expected) throw otherBytes(`${base}/${archive}`, expected, found);

  options.onStep(`checksum matches; unpack ${programs.join(', ')}`);
  await unpack(file, aside, stem, programs);
};

/** The line `<64 hex>  <name>` of a SHA256SUMS file; null when it has none for that name. */
export const checksumOf = (name: string, sums: string): string | null => {
  for (const line of sums.split('\n')) {
    const [, hex, file] = /^([0-9a-f]{64}) [ *](\S+)\s*$/i.exec(line) ?? [];
    if (file === name && hex) return hex.toLowerCase();
  }
  return null;
};

const unpack = async (file: string, aside: Aside, stem: string, programs: readonly string[]) => {
  const wanted = new Set(programs.map(name => `${stem}/${name}`));
  // Loaded here, since only this command needs it.
  const { extract } = await import('tar');
  try {
    await mkdir(aside.programs, { recursive: true });
    await extract({ file, cwd: aside.programs, strip: 1, strict: true, filter: path => wanted.has(path) });
  } catch (error) {
    throw from(error, 'failed', { operation: 'unpack', object: file });
  }
  await rm(file);
};

const machine = (version: string): string => {
  const name = machines[process.arch];
  if (process.platform === 'linux' && name) return name;
  throw new SnapbackError('failed', {
    operation: 'fetch',
    object: `the released archive of etcd ${version}`,
    reason:
      process.platform === 'darwin'
        ? 'is a zip file for macOS, which is not unpacked here; use --build'
        : `is not made for ${process.platform} on ${process.arch}; use --build`,
  });
};

/** Go's names for what Node calls `process.arch`. */
const machines: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  ppc64: 'ppc64le',
  s390x: 's390x',
};

const noChecksum = (url: string, archive: string): SnapbackError =>
  new SnapbackError('failed', { operation: 'fetch', object: url, reason: `has no checksum for ${archive}` });

const otherBytes = (url: string, expected: string, found: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'compare the checksum',
    object: url,
    reason: `is not what was published: SHA-256 ${expected} expected, ${found} found`,
    hint: 'Nothing of it was unpacked. Try again; if it stays so, the host or what lies between is not to be trusted.',
  });
