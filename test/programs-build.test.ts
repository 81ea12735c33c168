import { execFile } from 'node:child_process';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { installPrograms } from '../src/programs/install.ts';
import type { Minor } from '../src/programs/versions.ts';
import { processesWith, until } from './support/processes.ts';
import { testedMinors } from './support/programs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const build = (minor: Minor, cache: string, path: string, signal = new AbortController().signal) =>
  installPrograms(minor, { cache, path, build: true, onStep: () => {}, signal });

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was built'),
    error => error,
  );

const script = async (folder: string, name: string, text: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return folder;
};

test.each([
  ['no go', 'true', 'goo', /a build with Go: a Go toolchain of 1\.21 or later is not on PATH/],
  ['an old go', 'echo go1.20.14', 'go', /is go1\.20\.14, too old/],
  ['a go that is none', 'echo Gopher', 'go', /does not say its version/],
  [
    'a go that fails',
    '[ $1 = env ] && echo go1.26.8 && exit; echo "go: proxy is away" >&2; exit 1',
    'go',
    /etcd 3\.6\.16 did not build \(go: proxy is away\)/,
  ],
  ['a go that builds nothing', '[ $1 = env ] && echo go1.26.8; exit 0', 'go', /etcd is not in it/],
])('%s is one clear error', async (_, text, name, reason) => {
  await using folder = await temporaryFolder();
  const path = await script(join(folder.path, 'bin'), name, text);
  const error = await failure(build('3.6', folder.path, path));
  expect(error).toMatchObject({ code: 'missing-program', object: 'etcd 3.6.16' });
  expect(error.reason).toMatch(reason);
  expect(error.hint).toContain('--etcd-bin');
  expect(await readdir(join(folder.path, 'programs'))).toEqual([]);
});

test('an abort ends go with all that it started', async () => {
  await using folder = await temporaryFolder();
  const mark = join(folder.path, 'bin/compile');
  await script(join(folder.path, 'bin'), 'compile', 'sleep 1000');
  const path = await script(
    join(folder.path, 'bin'),
    'go',
    `[ $1 = env ] && echo go1.26.8 && exit; ${mark} & wait`,
  );
  const controller = new AbortController();
  const reason = new Error('enough');
  const built = failure(build('3.6', folder.path, `${path}:/usr/bin:/bin`, controller.signal));
  await until(async () => (await processesWith(mark)).length > 0);
  controller.abort(reason);
  expect(await built).toBe(reason);
  await until(async () => (await processesWith(mark)).length === 0);
  expect(await readdir(join(folder.path, 'programs'))).toEqual([]);
});

test('without apt there is one clear error', async () => {
  await using folder = await temporaryFolder();
  const error = await failure(build('3.4', folder.path, folder.path));
  expect(error).toMatchObject({ code: 'missing-program', object: 'etcd 3.4.23' });
  expect(error.reason).toContain("Debian's packages: Debian's apt-get and dpkg-deb are not on PATH");
});

const debian = await access('/usr/bin/apt-get').then(
  () => testedMinors.includes('3.4'),
  () => false,
);

// Over the network, so only where all minors are tested.
test.skipIf(!debian)('two processes take 3.4 from Debian at once, without lists of packages', async () => {
  await using folder = await temporaryFolder();
  const cache = join(folder.path, 'cache');
  const lists = join(folder.path, 'lists');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await writeFile(join(folder.path, 'apt.conf'), `Dir::State::Lists "${lists}";\n`);
  const program = join(import.meta.dirname, 'support/install-programs.ts');
  const env = { ...process.env, APT_CONFIG: join(folder.path, 'apt.conf') };
  const options = JSON.stringify({ cache, build: true });
  const run = () => promisify(execFile)(process.execPath, [program, '3.4', options], { env });
  const outcomes = (await Promise.all([run(), run()])).map(({ stdout }) => JSON.parse(stdout));
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ how: 'debian', minor: '3.4', etcdutl: null });
    expect(outcome.steps).toContain("fetch Debian's lists of packages");
    expect(outcome.etcd).toBe(join(cache, 'programs', outcome.version, 'etcd'));
  }
  expect(await readdir(join(cache, 'programs'))).toHaveLength(1);
  // The machine's own lists were not touched.
  expect(await readdir(lists)).not.toContainEqual(expect.stringContaining('InRelease'));
});
