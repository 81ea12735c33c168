/** Brings etcd's programs of a minor version into the cache. */
import { homedir } from 'node:os';
import { SnapbackError } from '../errors.ts';
import { cacheFolder } from '../programs/cache.ts';
import { installPrograms } from '../programs/install.ts';
import { type Minor, minors } from '../programs/versions.ts';
import type { Context, Outcome } from './context.ts';

export type ToolsInstallSettings = { minor: string; build: boolean; env: NodeJS.ProcessEnv };

export type ToolsInstallResult = {
  minor: Minor;
  version: string;
  how: 'present' | 'released' | 'built' | 'debian';
  etcd: string | null;
  etcdutl: string | null;
  etcdctl: string | null;
};

/** Throws `usage` for a minor that is not supported, `missing-program` with all that was tried, `failed` for the cache. */
export const toolsInstall = async (
  settings: ToolsInstallSettings,
  { signal, notify }: Context,
): Promise<Outcome<ToolsInstallResult>> => {
  const minor = minors.find(known => known === settings.minor);
  if (!minor)
    throw new SnapbackError('usage', {
      operation: 'tools install',
      object: `etcd ${settings.minor}`,
      reason: 'is not a minor version that this program knows',
      hint: `It knows ${minors.join(', ')}.`,
    });
  const { version, how, etcd, etcdutl, etcdctl } = await installPrograms(minor, {
    cache: cacheFolder(settings.env, homedir()),
    build: settings.build,
    path: settings.env.PATH ?? '',
    onStep: text => notify({ kind: 'step', label: `etcd ${minor}`, text }),
    signal,
  });
  return { result: { minor, version, how, etcd, etcdutl, etcdctl }, error: null };
};
