import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/temporary-folder.ts';

const script = join(import.meta.dirname, '../scripts/build-test-program.ts');

/** A cache of its own, and a `go` that does this and nothing else; `$out` is the path that it is to make. */
const setUp = async (go: string) => {
  const folder = await temporaryFolder();
  const bin = join(folder.path, 'bin');
  await mkdir(bin);
  const text = `#!/bin/sh\nout=$6\necho "$@" >> ${folder.path}/calls\n${go}\n`;
  await writeFile(join(bin, 'go'), text, { mode: 0o755 });
  const calls = async () => (await readFile(join(folder.path, 'calls'), 'utf8')).trim().split('\n');
  const env = { PATH: `${bin}:/usr/bin:/bin`, SNAPBACK_CACHE_DIR: join(folder.path, 'cache') };
  const build = () => promisify(execFile)(process.execPath, [script, 'versitygw'], { env });
  return { ...folder, build, calls, programs: join(env.SNAPBACK_CACHE_DIR, 'test-programs') };
};

test('two runs at once build a program once', async () => {
  await using cache = await setUp('sleep 1; echo program > $out');
  const said = (await Promise.all([cache.build(), cache.build()])).map(({ stdout }) => stdout);
  const [name = ''] = await readdir(cache.programs);
  expect(name).toMatch(/^versitygw-v\d/);
  expect(said.filter(text => text.includes('was built'))).toHaveLength(1);
  expect(said.filter(text => text.includes(join(cache.programs, name, 'versitygw')))).toHaveLength(2);
  expect(await readdir(join(cache.programs, name))).toEqual(['versitygw']);
  expect(await cache.calls()).toHaveLength(1);
  await cache.build();
  expect(await cache.calls()).toHaveLength(1);
});

test("a run that was killed while it built is in nobody's way", async () => {
  await using cache = await setUp(
    '[ -e $0.died ] || { touch $0.died; kill -9 $PPID; exit; }; echo program > $out',
  );
  await expect(cache.build()).rejects.toMatchObject({ signal: 'SIGKILL' });
  const [name = ''] = await readdir(cache.programs);
  expect(await readdir(join(cache.programs, name))).toEqual(['versitygw.building']);
  expect((await cache.build()).stdout).toContain('was built');
  expect(await readdir(join(cache.programs, name))).toEqual(['versitygw']);
});

test('a build that fails says why and leaves nothing', async () => {
  await using cache = await setUp('echo half > $out; echo "the proxy is away" >&2; exit 1');
  const { stderr } = await cache.build().catch(error => error);
  expect(stderr).toContain('could not be built');
  expect(stderr).toContain('the proxy is away');
  const [name = ''] = await readdir(cache.programs);
  expect(await readdir(join(cache.programs, name))).toEqual([]);
});
