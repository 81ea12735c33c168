/** What lies in a folder of programs: is it there, can it be run, and which version does it say it is. */
import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isSnapbackError, messageOf } from '../errors.ts';
import { versionFolder } from './cache.ts';
import { runProgram } from './run.ts';
import type { Minor, ProgramName } from './versions.ts';
import { compareVersions, minorOf, versions } from './versions.ts';

export type InFolder =
  | { kind: 'found'; path: string; version: string }
  /** A program of that name that does not count; `reason` reads on from its path. */
  | { kind: 'other'; path: string; reason: string }
  | { kind: 'absent' };

/** Looks for one program and asks it for its version. Rejects only with the reason of the signal. */
export const programIn = async (
  folder: string,
  name: ProgramName,
  minor: Minor,
  signal: AbortSignal,
): Promise<InFolder> => {
  const path = resolve(folder, name);
  if (!(await isFile(path))) return { kind: 'absent' };
  try {
    await access(path, constants.X_OK);
    const version = await versionOf(path, name, signal);
    if (version === null) return { kind: 'other', path, reason: 'does not say its version' };
    if (minorOf(version) !== minor) return { kind: 'other', path, reason: `is ${version}` };
    return { kind: 'found', path, version };
  } catch (error) {
    signal.throwIfAborted();
    const reason = isSnapbackError(error) ? error.reason : `cannot be run (${messageOf(error)})`;
    return { kind: 'other', path, reason };
  }
};

/**
 * The folders of a minor below the root of a cache or kit, the pinned version first, then the newest: what an
 * older or newer snapback installed is as good. None where there is no such root.
 */
export const versionFolders = async (root: string, minor: Minor): Promise<string[]> => {
  const names = await readdir(join(root, 'programs')).catch(() => []);
  const { version: pinned } = versions[minor];
  return names
    .filter(name => /^\d/.test(name) && minorOf(name) === minor)
    .sort((a, b) => Number(b === pinned) - Number(a === pinned) || compareVersions(b, a))
    .map(name => versionFolder(root, name));
};

/** Whether there is a folder of that path; false for whatever cannot be looked at. */
export const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false,
  );

const isFile = async (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isFile(),
    () => false,
  );

/** etcd prints `etcd Version: 3.6.16`, the two others `etcdutl version: 3.6.16`. */
const versionOf = async (path: string, name: ProgramName, signal: AbortSignal): Promise<string | null> => {
  const args = name === 'etcd' ? ['--version'] : ['version'];
  // Without ETCDCTL_API=3, an etcdctl before 3.4 would print its version otherwise; none of them is ours.
  const { output } = await runProgram(path, args, { signal, timeout: 10_000, env: { ETCDCTL_API: '3' } });
  return /^etcd(?:ctl|utl)? version: *v?(\d+\.\d+\.\d+\S*)/im.exec(output)?.[1] ?? null;
};
