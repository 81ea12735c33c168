/** etcd's programs for a snapshot: of the minor version that it was taken from, unless another was named. */
import { homedir } from 'node:os';
import { SnapbackError } from '../errors.ts';
import { cacheFolder } from '../programs/cache.ts';
import { findPrograms, type Need, type Programs } from '../programs/find.ts';
import { type Minor, minorOf, minors } from '../programs/versions.ts';
import type { ProgramSettings } from './settings.ts';

/**
 * `version` is that of the etcd it was taken from, in full or its minor, null where nobody knows. Throws `usage` without a
 * version that this program knows, `missing-program`.
 */
export const programsFor = async (
  { object, version }: { object: string; version: string | null },
  need: Need,
  { etcdBin, etcdVersion, env }: ProgramSettings,
  signal: AbortSignal,
): Promise<Programs> => {
  const minor = etcdVersion ?? (version === null ? null : minorOf(version));
  if (minor === null)
    throw new SnapbackError('usage', {
      operation: 'choose the programs',
      object,
      reason:
        version === null
          ? 'does not say which version of etcd it was taken from, as files of 3.6 and later do'
          : `was taken from etcd ${version}, which this program does not know`,
      hint: `Say it: --etcd-version ${minors.join('|')}`,
    });
  const where = { etcdBin, path: env.PATH ?? '', cache: cacheFolder(env, homedir()) };
  return findPrograms(minor, need, where, { signal });
};

/**
 * The minor version that a drill is tried on, where that is another than the snapshot's own; else null. It answers another
 * question than a verdict does: what is promised is a restore on the own one.
 */
export const rehearsalOn = (programs: Programs | null, version: string | null): Minor | null =>
  programs === null || version === null || minorOf(version) === programs.minor ? null : programs.minor;
