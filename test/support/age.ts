/** The real age program, of the version that test/programs/age pins, kept in the cache folder. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/programs/cache.ts';

const run = promisify(execFile);
const module = join(import.meta.dirname, '../programs/age');

/**
 * The path of `age`, built from the module proxy when the cache has none of this version. Where it cannot be had
 * (no `go`, no network): null, with a word on stderr, or an error where `CI` is set.
 */
export const needAge = async (): Promise<string | null> => {
  const folder = join(cacheFolder(process.env, homedir()), 'test-programs');
  const path = join(folder, 'age');
  const [, wanted] = /filippo\.io\/age (v\S+)/.exec(await readFile(join(module, 'go.mod'), 'utf8')) ?? [];
  const found = await run(path, ['--version']).catch(() => null);
  if (found?.stdout.trim() === wanted) return path;
  const aside = `${path}.${process.pid}.part`;
  try {
    await mkdir(folder, { recursive: true });
    await run('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', aside, 'filippo.io/age/cmd/age'], {
      cwd: module,
      env: { ...process.env, CGO_ENABLED: '0' },
    });
    await rename(aside, path);
    return path;
  } catch (cause) {
    await rm(aside, { force: true });
    if (process.env.CI)
      throw new Error('the age program is needed for the tests and could not be built', { cause });
    process.stderr.write(
      `without the age program (${String(cause).split('\n')[0]}): its tests are skipped\n`,
    );
    return null;
  }
};
