/** Whether etcd's own programs are here, which verify and restore need. */
import { homedir } from 'node:os';
import { isSnapbackError } from '../errors.ts';
import { cacheFolder } from '../programs/cache.ts';
import { findPrograms, type Programs } from '../programs/find.ts';
import { type Minor, minorOf, minors } from '../programs/versions.ts';
import { failedCheck, type MachineCheck } from './doctor-check.ts';
import type { Newest } from './doctor-newest.ts';
import type { ProgramSettings } from './settings.ts';

/** Of the minor that was named, else of the newest snapshot's, else of any. Throws the signal's reason alone. */
export const programsCheck = async (
  settings: ProgramSettings,
  newest: Newest | null,
  signal: AbortSignal,
): Promise<MachineCheck> => {
  try {
    return await lookFor(settings, newest, signal);
  } catch (error) {
    signal.throwIfAborted();
    // --etcd-bin can name what is no folder.
    return failedCheck('programs', error);
  }
};

const lookFor = async (
  settings: ProgramSettings,
  newest: Newest | null,
  signal: AbortSignal,
): Promise<MachineCheck> => {
  const wanted = settings.etcdVersion ?? minorOf(newest?.version ?? '');
  const found: Programs[] = [];
  for (const minor of wanted === null ? minors : [wanted]) {
    const programs = await find(minor, settings, signal);
    if (programs) found.push(programs);
  }
  const check = { name: 'programs', mends: null, error: null };
  const versions = found.map(({ version }) => version).join(', ');
  const [first, ...others] = found;
  if (first) {
    const detail = others.length === 0 ? `etcd ${first.version} (${first.etcd})` : `etcd ${versions}`;
    return { ...check, status: 'pass', detail, hint: null };
  }
  if (wanted === null)
    return {
      ...check,
      status: 'warning',
      detail: "none of etcd's programs are here, so nothing can be verified or restored",
      hint: `snapback tools install X.Y, the version of your etcd (${minors.join(', ')})`,
    };
  const whose = settings.etcdVersion === null ? ', of which the newest snapshot is,' : '';
  return {
    ...check,
    status: 'warning',
    detail: `etcd ${wanted}${whose} and the program that restores it are not here: nothing of it can be verified`,
    hint: `snapback tools install ${wanted}`,
  };
};

const find = async (
  minor: Minor,
  { etcdBin, env }: ProgramSettings,
  signal: AbortSignal,
): Promise<Programs | null> => {
  const where = { etcdBin, path: env.PATH ?? '', cache: cacheFolder(env, homedir()) };
  try {
    return await findPrograms(minor, 'drill', where, { signal });
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'missing-program') return null;
    throw error;
  }
};
