/** The etcd that is backed up: real, with mutual TLS, on loopback, gone when it is disposed of. */
import { homedir } from 'node:os';
import { cacheFolder } from '../src/programs/cache.ts';
import { findPrograms } from '../src/programs/find.ts';
import type { Minor } from '../src/programs/versions.ts';
import { startEtcd } from '../test/support/etcd.ts';

export type Source = {
  etcdctl: string;
  etcdutl: string;
  version: string;
  pid: number;
  settings: ReturnType<Awaited<ReturnType<typeof startEtcd>>['settings']>;
  /** The flags of connection, which snapback and etcdctl share. */
  flags: string[];
  [Symbol.asyncDispose](): Promise<void>;
};

/** Throws `missing-program` with the command that brings etcd where it is not there. */
export const startSource = async ({
  signal,
  minor = '3.6',
}: {
  signal: AbortSignal;
  minor?: Minor;
}): Promise<Source> => {
  const where = {
    etcdBin: null,
    path: process.env.PATH ?? '',
    cache: cacheFolder(process.env, homedir()),
    kit: null,
  };
  const programs = await findPrograms(minor, 'all', where, { signal });
  const cluster = await startEtcd({
    etcd: programs.etcd ?? '',
    tls: true,
    // Filling would take minutes with a sync for each write, and memory with entries kept for followers.
    args: [`--quota-backend-bytes=${16 * 2 ** 30}`, '--unsafe-no-fsync', '--snapshot-catchup-entries=10'],
  });
  const settings = cluster.settings();
  const flags = [
    '--endpoints',
    settings.endpoints.join(','),
    ...(['cacert', 'cert', 'key'] as const).flatMap(name => [`--${name}`, settings[name] ?? '']),
  ];
  return {
    etcdctl: programs.etcdctl ?? '',
    etcdutl: programs.etcdutl ?? '',
    version: programs.version,
    pid: cluster.members[0]?.pid ?? 0,
    settings,
    flags,
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
};
