/**
 * Programs in Go that the tests run, each of the version that its module in test/programs/ pins, kept in the cache
 * folder. `npm test` builds them before anything runs; the tests themselves only look for them.
 */
import { readFileSync } from 'node:fs';
import { access, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from '../../src/programs/cache.ts';
import { goEnvironment } from '../../src/programs/golang.ts';
import { findOnPath } from '../../src/programs/on-path.ts';
import { runProgram } from '../../src/programs/run.ts';

const packages = {
  age: 'filippo.io/age/cmd/age',
  bbolt: 'go.etcd.io/bbolt/cmd/bbolt',
  versitygw: 'github.com/versity/versitygw/cmd/versitygw',
  toxiproxy: 'github.com/Shopify/toxiproxy/v2/cmd/server',
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint',
  minio: 'github.com/minio/minio',
};

export type GoProgram = keyof typeof packages;

/** What `npm test` brings: MinIO, which takes minutes, only with TEST_ALL=1. */
export const testedGoPrograms: readonly GoProgram[] =
  process.env.TEST_ALL === '1'
    ? ['actionlint', 'age', 'bbolt', 'versitygw', 'toxiproxy', 'minio']
    : ['actionlint', 'age', 'bbolt', 'versitygw', 'toxiproxy'];

/** `<name> <version>`, as its go.mod pins it. */
export const titleOf = (name: GoProgram): string => `${name} ${versionOf(name)}`;

/**
 * The path of the program. Where it is not in the cache it throws on CI and gives null on a developer's machine:
 * the test then skips, with the word that is printed here.
 */
export const needGoProgram = async (name: GoProgram): Promise<string | null> => {
  const path = pathOf(name);
  if (await isThere(path)) return path;
  const command = testedGoPrograms.includes(name) ? 'npm test' : 'TEST_ALL=1 npm test';
  const word = `${titleOf(name)} is not at ${path}; \`${command}\` brings it`;
  if (process.env.CI) throw new Error(word);
  process.stderr.write(`skipped: ${word}\n`);
  return null;
};

/**
 * Builds the program where the cache has none of its version; of any number of runs at once only one builds. Gives
 * the path, and whether it was there already. Rejects where there is no `go`, with what it said where it fails, and
 * with the reason of the signal.
 */
export const buildGoProgram = async (
  name: GoProgram,
  { signal }: { signal: AbortSignal },
): Promise<{ path: string; present: boolean }> => {
  const path = pathOf(name);
  if (await isThere(path)) return { path, present: true };
  await mkdir(join(path, '..'), { recursive: true });
  await using _ = await alone(`${path}.building`, signal);
  if (await isThere(path)) return { path, present: true };
  const go = await findOnPath('go', process.env.PATH ?? '');
  if (go === null) throw new Error('go is not on PATH');
  const aside = `${path}.${process.pid}.part`;
  const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', aside, packages[name]];
  try {
    const cwd = moduleOf(name);
    const { code, output } = await runProgram(go, args, { cwd, env: goEnvironment, signal, timeout: null });
    if (code !== 0) throw new Error(`go says: ${output.trim()}`);
    await rename(aside, path);
    return { path, present: false };
  } finally {
    await rm(aside, { force: true });
  }
};

const moduleOf = (name: GoProgram): string => join(import.meta.dirname, '../programs', name);

const versionOf = (name: GoProgram): string => {
  const text = readFileSync(join(moduleOf(name), 'go.mod'), 'utf8');
  const [, version] = /^require \S+ (v\S+)$/m.exec(text) ?? [];
  if (version === undefined) throw new Error(`test/programs/${name}/go.mod requires no version`);
  return version;
};

const pathOf = (name: GoProgram): string =>
  join(cacheFolder(process.env, homedir()), 'test-programs', `${name}-${versionOf(name)}`, name);

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * A link that points to the id of the process that holds it: made whole or not at all, and worthless when that
 * process is dead. Two that find a dead one in the same instant may both go on; then both build, and the last
 * rename stays.
 */
const alone = async (link: string, signal: AbortSignal): Promise<AsyncDisposable> => {
  for (;;) {
    const mine = await symlink(String(process.pid), link).then(
      () => true,
      error => {
        if (error.code !== 'EEXIST') throw error;
        return false;
      },
    );
    if (mine) return { [Symbol.asyncDispose]: () => rm(link, { force: true }) };
    const holder = await readlink(link).catch(() => null);
    if (holder !== null && !isAlive(Number(holder))) await rm(link, { force: true });
    else await sleep(200, null, { signal });
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // One of another user is there, but may not be asked.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};
