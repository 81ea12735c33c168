/** Where etcd's programs are kept: `<folder>/programs/<version>/<program>`, in the cache and in a rescue kit alike. */
import { dirname, isAbsolute, join } from 'node:path';

/**
 * The root of this program's cache: `SNAPBACK_CACHE_DIR`, else `etcd-snapback` in `XDG_CACHE_HOME`, else in
 * `.cache` of the home directory. Pure. A relative XDG_CACHE_HOME is ignored, as the XDG Base Directory
 * Specification asks for.
 */
export const cacheFolder = (env: NodeJS.ProcessEnv, home: string): string => {
  if (env.SNAPBACK_CACHE_DIR) return env.SNAPBACK_CACHE_DIR;
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, '.cache'), 'etcd-snapback');
};

/** The root of a rescue kit: the folder that the running program lies in. */
export const kitFolder = (): string => dirname(process.execPath);

/** The folder of one version's programs below the root of a cache or kit. */
export const versionFolder = (root: string, version: string): string => join(root, 'programs', version);
