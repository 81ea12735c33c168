/**
 * Finds etcd's own programs of a minor version: in the folder that was given, on PATH, in the cache, in a rescue
 * kit. Fetches nothing: on a dying control plane that would be the worst moment.
 */
import { SnapbackError } from '../errors.ts';
import { kitFolder } from './cache.ts';
import { isFolder, programIn, versionFolders } from './folders.ts';
import { pathFolders } from './on-path.ts';
import type { Minor, ProgramName } from './versions.ts';
import { versions } from './versions.ts';

export type Programs = {
  minor: Minor;
  /** The full version, `3.6.16`: etcd's own, or where etcd was not needed, that of the program that restores. */
  version: string;
  /** Absolute paths; null for what was not needed or, for an optional one, is not there. */
  etcd: string | null;
  etcdutl: string | null;
  etcdctl: string | null;
  /** The full version of each program that is not null. */
  versions: Partial<Record<ProgramName, string>>;
};

export type Where = {
  /** The folder that `--etcd-bin` names. */
  etcdBin: string | null;
  /** PATH as the environment has it; entries that are not absolute are passed over. */
  path: string;
  /** The root of the cache (`cacheFolder`). */
  cache: string;
  /** The root of a rescue kit; `kitFolder()` where it is undefined, none where it is null. */
  kit?: string | null;
};

/** For a drill: etcd and what restores. For a restore: what restores. All: the whole release. */
export type Need = 'drill' | 'restore' | 'all';

/**
 * The programs of `minor`. One that is found counts only if it says itself that it is of that minor, so a 3.5
 * on PATH never stands in the way of the 3.6 in the cache; each program is looked for on its own. Throws
 * `missing-program` with a list of what was tried, `usage` when the given folder is none, or the signal's reason.
 */
export const findPrograms = async (
  minor: Minor,
  need: Need,
  where: Where,
  { signal }: { signal: AbortSignal },
): Promise<Programs> => {
  if (where.etcdBin !== null && !(await isFolder(where.etcdBin))) throw notAFolder(where.etcdBin);
  const places = await placesOf(minor, where);
  const programs: Programs = { minor, version: '', etcd: null, etcdutl: null, etcdctl: null, versions: {} };
  for (const wanted of wantedFor(minor, need)) {
    const tried: string[] = [];
    const found = await firstOf(wanted, minor, places, tried, signal);
    if (!found) throw missing(wanted, minor, tried);
    programs[found.name] = found.path;
    programs.versions[found.name] = found.version;
    programs.version ||= found.version;
  }
  return programs;
};

/** A list of lists: of each inner one the first that can be found is enough. */
const wantedFor = (minor: Minor, need: Need): ProgramName[][] => {
  const { programs, restorers } = versions[minor];
  if (need === 'all') return programs.map(name => [name]);
  return need === 'drill' ? [['etcd'], [...restorers]] : [[...restorers]];
};

type Place = { folders: string[]; called: string };

const placesOf = async (minor: Minor, where: Where): Promise<Place[]> => {
  const kit = where.kit === undefined ? kitFolder() : where.kit;
  const inKit = kit === null ? [] : await versionFolders(kit, minor);
  return [
    ...(where.etcdBin === null ? [] : [{ folders: [where.etcdBin], called: `in ${where.etcdBin}` }]),
    { folders: pathFolders(where.path), called: 'on PATH' },
    { folders: await versionFolders(where.cache, minor), called: `in the cache ${where.cache}` },
    ...(inKit.length === 0 ? [] : [{ folders: inKit, called: `in the kit ${kit}` }]),
  ];
};

const firstOf = async (
  names: ProgramName[],
  minor: Minor,
  places: Place[],
  tried: string[],
  signal: AbortSignal,
): Promise<{ name: ProgramName; path: string; version: string } | null> => {
  for (const name of names) {
    for (const { folders, called } of places) {
      const others: string[] = [];
      for (const folder of folders) {
        const found = await programIn(folder, name, minor, signal);
        if (found.kind === 'found') return { name, path: found.path, version: found.version };
        if (found.kind === 'other') others.push(`${found.path} ${found.reason}`);
      }
      tried.push(others.length === 0 ? `no ${name} ${called}` : others.join(', '));
    }
  }
  return null;
};

const missing = (names: ProgramName[], minor: Minor, tried: string[]): SnapbackError =>
  new SnapbackError('missing-program', {
    operation: "find etcd's programs",
    object: `${names.join(' or ')} ${minor}`,
    reason: `is not here: ${tried.join('; ')}`,
    hint:
      `\`snapback tools install ${minor}\` brings it; --etcd-bin names a folder that has it. ` +
      'A kubeadm host has it inside its etcd image: `ctr -n k8s.io images ls -q | grep etcd`, then ' +
      '`ctr -n k8s.io images mount IMAGE /mnt` and --etcd-bin /mnt/usr/local/bin.',
  });

const notAFolder = (path: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: "find etcd's programs",
    object: path,
    reason: 'is not a folder',
    hint: '--etcd-bin names the folder that holds etcd and etcdutl.',
  });
