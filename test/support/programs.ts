/** etcd's real programs for tests: out of the cache, where `npm test` puts them before anything runs. */
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/programs/cache.ts';
import { findPrograms, type Programs } from '../../src/programs/find.ts';
import { type Minor, minors, versions } from '../../src/programs/versions.ts';

export const cache: string = cacheFolder(process.env, homedir());

/**
 * All programs of a minor. Where they are not in the cache it throws on CI and gives null on a developer's machine:
 * the test then skips, with the word that is printed here.
 */
export const need = async (minor: Minor): Promise<Programs | null> => {
  const where = { etcdBin: null, path: '', cache, kit: null };
  try {
    return await findPrograms(minor, 'all', where, { signal: new AbortController().signal });
  } catch (error) {
    if (process.env.CI) throw error;
    process.stderr.write(
      `skipped: etcd ${versions[minor].version} is not in ${cache}; \`snapback tools install ${minor} --build\` brings it\n`,
    );
    return null;
  }
};

/** The minors that tests run on: one by default, all with TEST_ALL=1. */
export const testedMinors: readonly Minor[] = process.env.TEST_ALL === '1' ? minors : ['3.6'];

/** Runs etcdctl of these programs against a throwaway's endpoint (`unix:/…`) and gives what it printed. */
export const etcdctl = async (programs: Programs, endpoint: string, args: string[]): Promise<string> => {
  const all = [`--endpoints=${endpoint.replace('unix:', 'unix://')}`, ...args];
  const env = { PATH: process.env.PATH, ETCDCTL_API: '3' };
  const { stdout } = await promisify(execFile)(programs.etcdctl ?? 'no etcdctl', all, { env });
  return stdout;
};
