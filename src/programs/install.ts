/** `tools install`: brings etcd's own programs of a minor version into the cache. Nothing else fetches or builds. */
import { resolve } from 'node:path';
import { isSnapbackError, messageOf, SnapbackError } from '../errors.ts';
import { unpackFromDebian } from './debian.ts';
import type { Programs } from './find.ts';
import { programIn, versionFolders } from './folders.ts';
import { buildWithGo } from './golang.ts';
import { type Aside, openAside, putInPlace } from './place.ts';
import { fetchRelease } from './release.ts';
import type { Minor, ProgramName } from './versions.ts';
import { versions } from './versions.ts';

export type How = 'present' | 'released' | 'built' | 'debian';
export type Installed = Programs & { how: How };

export type InstallOptions = {
  /** The root of the cache (`cacheFolder`). */
  cache: string;
  /** Make them here, with Go or from Debian's packages, in place of fetching what etcd released. */
  build: boolean;
  /** In place of etcd's release host. */
  baseUrl?: string;
  /** PATH, in which `go`, `apt-get` and `dpkg-deb` are looked for. */
  path: string;
  /** Milliseconds without a byte from the release host; 30 s by default. */
  idleTimeout?: number;
  /** A line for each step, in the imperative. */
  onStep(text: string): void;
  signal: AbortSignal;
};

/**
 * Resolves when every program of the release is in the cache and has said its version. Any number of processes
 * may do this at once. Throws `missing-program` with all that was tried, `failed` where the cache cannot be
 * written, or the reason of the signal; nothing is left behind then.
 */
export const installPrograms = async (minor: Minor, options: InstallOptions): Promise<Installed> => {
  const present = await findPresent(minor, options);
  if (present) return present;
  const tried: { what: string; error: unknown }[] = [];
  for (const { how, what, make } of waysOf(minor, options)) {
    await using aside = await openAside(options.cache);
    try {
      await make(aside);
      const placed = await putInPlace(aside, options.cache, minor, options.signal);
      const paths = programPaths(minor, placed.folder);
      return { minor, version: placed.version, ...paths, versions: placed.versions, how };
    } catch (error) {
      options.signal.throwIfAborted();
      tried.push({ what, error });
    }
  }
  throw notInstalled(minor, options.build, tried);
};

type Way = { how: How; what: string; make(aside: Aside): Promise<void> };

const waysOf = (minor: Minor, options: InstallOptions): Way[] => {
  if (!options.build) {
    const idleTimeout = options.idleTimeout ?? 30_000;
    const make = (aside: Aside) => fetchRelease(minor, aside, { ...options, idleTimeout });
    return [{ how: 'released', what: 'the released archive', make }];
  }
  if (versions[minor].build === 'debian') {
    const make = (aside: Aside) => unpackFromDebian(minor, aside, options);
    return [{ how: 'debian', what: "Debian's packages", make }];
  }
  return [{ how: 'built', what: 'a build with Go', make: aside => buildWithGo(minor, aside, options) }];
};

/** The pinned version; of what Debian gives, whichever patch release it was. */
const findPresent = async (minor: Minor, options: InstallOptions): Promise<Installed | null> => {
  const { version: pinned, programs, build } = versions[minor];
  for (const folder of await versionFolders(options.cache, minor)) {
    const said: Programs['versions'] = {};
    for (const name of programs) {
      const found = await programIn(folder, name, minor, options.signal);
      if (found.kind === 'found') said[name] = found.version;
    }
    const version = said.etcd;
    const whole = programs.every(name => said[name] !== undefined);
    if (!whole || version === undefined || (version !== pinned && build !== 'debian')) continue;
    return { minor, version, ...programPaths(minor, folder), versions: said, how: 'present' };
  }
  return null;
};

const programPaths = (minor: Minor, folder: string): Record<ProgramName, string | null> => {
  const path = (name: ProgramName) =>
    versions[minor].programs.includes(name) ? resolve(folder, name) : null;
  return { etcd: path('etcd'), etcdutl: path('etcdutl'), etcdctl: path('etcdctl') };
};

const notInstalled = (
  minor: Minor,
  build: boolean,
  tried: { what: string; error: unknown }[],
): SnapbackError => {
  const list = tried.map(({ what, error }) => `${what}: ${said(error)}`).join('; ');
  return new SnapbackError('missing-program', {
    operation: 'install',
    object: `etcd ${versions[minor].version}`,
    reason: `could not be had; tried ${list}`,
    hint: hintFor(minor, build),
    cause: tried.at(-1)?.error,
  });
};

const said = (error: unknown): string =>
  isSnapbackError(error) ? `${error.object} ${error.reason}` : messageOf(error);

const hintFor = (minor: Minor, build: boolean): string => {
  const byHand = 'or unpack a release of etcd yourself and name its folder with --etcd-bin.';
  if (!build) {
    return (
      'Behind a proxy set NODE_USE_ENV_PROXY=1 and HTTPS_PROXY; ' +
      `\`snapback tools install ${minor} --build\` needs no release host; ${byHand}`
    );
  }
  return versions[minor].build === 'debian'
    ? `Without --build the released archive is fetched; ${byHand}`
    : `Put Go 1.21 or later on PATH and let it reach its module proxy; without --build the released archive is fetched; ${byHand}`;
};
