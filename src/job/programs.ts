/** etcd's programs for a snapshot: of the minor version that it was taken from, unless another was named. */
import { homedir } from 'node:os';
import { SnapbackError } from '../errors.ts';
import { cacheFolder } from '../programs/cache.ts';
import { findPrograms, type Need, type Programs } from '../programs/find.ts';
import { minorOf, minors } from '../programs/versions.ts';
import type { ProgramSettings } from './settings.ts';

/** `taken` is the full version of the etcd, null where nobody knows. Throws `usage` without any version, `missing-program`. */
export const programsFor = async (
  taken: string | null,
  need: Need,
  { etcdBin, etcdVersion, env }: ProgramSettings,
  signal: AbortSignal,
): Promise<Programs> => {
  const minor = etcdVersion ?? (taken === null ? null : minorOf(taken));
  if (minor === null)
    throw new SnapbackError('usage', {
      operation: 'choose the programs',
      object: taken === null ? 'the file' : `etcd ${taken}`,
      reason:
        taken === null
          ? 'does not say which version of etcd it was taken from'
          : 'is not a version that this program knows',
      hint: `Say it: --etcd-version ${minors.join('|')}`,
    });
  const where = { etcdBin, path: env.PATH ?? '', cache: cacheFolder(env, homedir()) };
  return findPrograms(minor, need, where, { signal });
};
