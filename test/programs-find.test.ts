import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findPrograms, type Where } from '../src/programs/find.ts';
import { need } from './support/programs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const real = await need('3.6');

/** A program that says what it is told to, as an etcd of that version would. */
const saying = async (folder: string, name: string, words: string): Promise<string> => {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\necho '${words}'\n`);
  await chmod(path, 0o755);
  return path;
};

const nowhere = (path: string): Where => ({
  etcdBin: null,
  path: '/nowhere',
  cache: join(path, 'c'),
  kit: null,
});

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was found'),
    error => error,
  );

test.skipIf(!real)('real programs are found in a given folder, on PATH, in the cache, in a kit', async () => {
  await using folder = await temporaryFolder();
  const bin = dirname(real?.etcd ?? '');
  await mkdir(join(folder.path, 'kit/programs'), { recursive: true });
  await symlink(bin, join(folder.path, 'kit/programs/3.6.16'));
  const base = nowhere(folder.path);
  const places: [string, Where][] = [
    [bin, { ...base, etcdBin: bin }],
    [bin, { ...base, path: `relative:/nowhere:${bin}` }],
    [bin, { ...base, cache: dirname(dirname(bin)) }],
    [join(folder.path, 'kit/programs/3.6.16'), { ...base, kit: join(folder.path, 'kit') }],
  ];
  for (const [where, place] of places) {
    const found = await findPrograms('3.6', 'all', place, { signal });
    expect(found).toEqual({
      minor: '3.6',
      version: '3.6.16',
      etcd: join(where, 'etcd'),
      etcdutl: join(where, 'etcdutl'),
      etcdctl: join(where, 'etcdctl'),
      versions: { etcd: '3.6.16', etcdutl: '3.6.16', etcdctl: '3.6.16' },
    });
  }
});

test('the given folder comes before PATH, PATH before the cache, the cache before the kit', async () => {
  await using folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const where = { etcdBin: at('given'), path: at('path'), cache: at('cache'), kit: at('kit') };
  await mkdir(where.etcdBin);
  const order: string[] = [];
  for (const place of ['kit/programs/3.6.7', 'cache/programs/3.6.7', 'path', 'given']) {
    await saying(at(place), 'etcdutl', 'etcdutl version: 3.6.7');
    order.push((await findPrograms('3.6', 'restore', where, { signal })).etcdutl ?? '');
  }
  expect(order).toEqual(
    ['kit/programs/3.6.7', 'cache/programs/3.6.7', 'path', 'given'].map(p => join(at(p), 'etcdutl')),
  );
});

test('a program of another minor, or one that does not run, is passed over and named', async () => {
  await using folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const where = {
    ...nowhere(folder.path),
    path: `${at('a')}:${at('b')}:${at('d')}:${at('e')}`,
    cache: at('c'),
  };
  await saying(at('a'), 'etcdutl', 'etcdutl version: 3.5.35');
  await saying(at('b'), 'etcdutl', 'hello');
  await chmod(await saying(at('d'), 'etcdutl', 'etcdutl version: 3.6.16'), 0o644);
  await mkdir(at('e/etcdutl'), { recursive: true });

  const error = await failure(findPrograms('3.6', 'restore', where, { signal }));
  expect(error).toMatchObject({ code: 'missing-program', object: 'etcdutl 3.6' });
  expect(error.reason).toContain(`${at('a')}/etcdutl is 3.5.35`);
  expect(error.reason).toContain(`${at('b')}/etcdutl does not say its version`);
  expect(error.reason).toContain(`${at('d')}/etcdutl cannot be run`);
  expect(error.reason).toContain(`no etcdutl in the cache ${at('c')}`);
  expect(error.hint).toContain('snapback tools install 3.6');
  expect(error.hint).toContain('etcd image');

  const good = await saying(at('c/programs/3.6.9'), 'etcdutl', 'etcdutl version: 3.6.9');
  expect((await findPrograms('3.6', 'restore', where, { signal })).etcdutl).toBe(good);
});

test('in the cache the pinned version comes first, then the newest', async () => {
  await using folder = await temporaryFolder();
  const where = nowhere(folder.path);
  const order: string[] = [];
  for (const version of ['3.6.2', '3.6.9', '3.6.20', '3.6.16', '3.5.35']) {
    await saying(join(where.cache, 'programs', version), 'etcdutl', `etcdutl version: ${version}`);
    order.push((await findPrograms('3.6', 'restore', where, { signal })).version);
  }
  expect(order).toEqual(['3.6.2', '3.6.9', '3.6.20', '3.6.16', '3.6.16']);
});

test('3.4 and 3.5 restore with etcdctl where there is no etcdutl, 3.6 does not', async () => {
  await using folder = await temporaryFolder();
  const where = { ...nowhere(folder.path), path: join(folder.path, 'bin') };
  for (const minor of ['3.4', '3.5'] as const) {
    await saying(where.path, 'etcd', `etcd Version: ${minor}.30`);
    const etcdctl = await saying(where.path, 'etcdctl', `etcdctl version: ${minor}.30`);
    expect(await findPrograms(minor, 'drill', where, { signal })).toMatchObject({ etcdutl: null, etcdctl });
  }
  const etcdutl = await saying(where.path, 'etcdutl', 'etcdutl version: 3.5.30');
  expect(await findPrograms('3.5', 'drill', where, { signal })).toMatchObject({ etcdutl, etcdctl: null });

  await saying(where.path, 'etcdctl', 'etcdctl version: 3.6.16');
  const error = await failure(findPrograms('3.6', 'restore', where, { signal }));
  expect(error).toMatchObject({ code: 'missing-program', object: 'etcdutl 3.6' });
});

test('a given folder that is none is a usage error', async () => {
  await using folder = await temporaryFolder();
  const where = { ...nowhere(folder.path), etcdBin: join(folder.path, 'etcd') };
  expect(await failure(findPrograms('3.6', 'drill', where, { signal }))).toMatchObject({ code: 'usage' });
});

test('a program that hangs ends with the signal and its reason', async () => {
  await using folder = await temporaryFolder();
  const where = { ...nowhere(folder.path), path: folder.path };
  await writeFile(join(folder.path, 'etcdutl'), '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 100);
  expect(await failure(findPrograms('3.6', 'restore', where, controller))).toBe(reason);
});
