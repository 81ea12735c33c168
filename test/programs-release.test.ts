import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { installPrograms } from '../src/programs/install.ts';
import { checksumOf } from '../src/programs/release.ts';
import { type Archive, archiveOf, releaseHost } from './support/release-host.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const whole = { pinned: '3.6.16', version: '3.6.16', programs: ['etcd', 'etcdutl', 'etcdctl'] };

type Answer = (response: ServerResponse) => void;

/** What the host answers; by default the checksums and the archive as they should be. */
const serving = (archive: Archive, answers: { sums?: Answer; archive?: Answer } = {}) =>
  releaseHost((request, response) => {
    if (request.url === '/download/v3.6.16/SHA256SUMS') {
      (answers.sums ?? (r => r.end(archive.sums)))(response);
    } else if (request.url === `/download/v3.6.16/${archive.name}`) {
      (answers.archive ?? (r => r.end(archive.bytes)))(response);
    } else response.writeHead(404).end();
  });

const install = (cache: string, baseUrl: string, more: object = {}) => {
  const steps: string[] = [];
  const onStep = (text: string) => steps.push(text);
  const { signal } = new AbortController();
  const options = { cache, baseUrl, build: false, path: '/nowhere', onStep, signal, idleTimeout: 60_000 };
  return installPrograms('3.6', { ...options, ...more }).then(installed => ({ ...installed, steps }));
};

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it was installed'),
    error => error,
  );

/** The cache holds nothing: no programs, no archive, no folder set aside. */
const nothingIn = async (cache: string): Promise<void> =>
  expect(await readdir(join(cache, 'programs'))).toEqual([]);

test('a released archive comes into the cache, once', async () => {
  await using folder = await temporaryFolder();
  const cache = join(folder.path, 'new/cache');
  await using host = await serving(await archiveOf(folder.path, whole));
  const installed = await install(cache, `${host.baseUrl}/`);
  const bin = join(cache, 'programs/3.6.16');
  expect(installed).toMatchObject({
    how: 'released',
    version: '3.6.16',
    etcd: join(bin, 'etcd'),
    etcdutl: join(bin, 'etcdutl'),
    etcdctl: join(bin, 'etcdctl'),
  });
  expect(installed.steps).toHaveLength(3);
  expect(await readdir(join(cache, 'programs'))).toEqual(['3.6.16']);
  expect((await readdir(bin)).sort()).toEqual(['etcd', 'etcdctl', 'etcdutl']);
  expect((await stat(join(bin, 'etcd'))).mode & 0o777).toBe(0o755);

  const again = await install(cache, host.baseUrl);
  expect(again).toMatchObject({ how: 'present', steps: [] });
  expect(host.asked).toHaveLength(2);
});

test('a broken program in the cache is replaced', async () => {
  await using folder = await temporaryFolder();
  const bin = join(folder.path, 'programs/3.6.16');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'etcd'), '', { mode: 0o755 });
  await using host = await serving(await archiveOf(folder.path, whole));
  expect(await install(folder.path, host.baseUrl)).toMatchObject({ how: 'released' });
  expect(await readFile(join(bin, 'etcd'), 'utf8')).toContain('3.6.16');
});

test('what is not the published archive is not unpacked', async () => {
  await using folder = await temporaryFolder();
  const archive = await archiveOf(folder.path, whole);
  const flipped = Buffer.from(archive.bytes);
  flipped[100] = (flipped[100] ?? 0) ^ 1;
  await using host = await serving(archive, { archive: r => r.end(flipped) });
  const cache = join(folder.path, 'cache');
  const error = await failure(install(cache, host.baseUrl));
  expect(error).toMatchObject({ code: 'missing-program', cause: { code: 'integrity' } });
  expect(error.reason).toMatch(
    /the released archive: http.* is not what was published: SHA-256 [0-9a-f]{64}/,
  );
  expect(error.hint).toContain('snapback tools install 3.6 --build');
  await nothingIn(cache);
});

test.each<[string, RegExp, { sums?: Answer; archive?: Answer }]>([
  ['no such release', /SHA256SUMS answered 404 Not Found/, { sums: r => r.writeHead(404).end() }],
  ['no such archive', /tar\.gz answered 404 Not Found/, { archive: r => r.writeHead(404).end('no') }],
  ['a page in place of the checksums', /has no checksum for/, { sums: r => r.end('<html>') }],
  [
    'an archive that is cut off',
    /was cut off/,
    {
      archive: r => {
        r.writeHead(200, { 'content-length': 5000 });
        r.write(Buffer.alloc(2000), () => r.destroy());
      },
    },
  ],
  [
    'an archive that is cut off without a length',
    /was cut off|could not be fetched/,
    { archive: r => r.write(Buffer.alloc(2000), () => r.destroy()) },
  ],
])('%s fails and leaves nothing', async (_, reason, answers) => {
  await using folder = await temporaryFolder();
  await using host = await serving(await archiveOf(folder.path, whole), answers);
  const cache = join(folder.path, 'cache');
  const error = await failure(install(cache, host.baseUrl));
  expect(error.code).toBe('missing-program');
  expect(error.reason).toMatch(reason);
  await nothingIn(cache);
});

test.each<[string, Answer]>([
  ['before its answer', () => {}],
  ['within the archive', r => r.write(Buffer.alloc(2000))],
])('a host that stalls %s ends with the idle deadline', async (_, stall) => {
  await using folder = await temporaryFolder();
  await using host = await serving(await archiveOf(folder.path, whole), { archive: stall });
  const cache = join(folder.path, 'cache');
  const error = await failure(install(cache, host.baseUrl, { idleTimeout: 300 }));
  expect(error.reason).toMatch(/sent nothing for 1 s/);
  await nothingIn(cache);
});

test('an abort ends it with its reason', async () => {
  await using folder = await temporaryFolder();
  const controller = new AbortController();
  const reason = new Error('enough');
  await using host = await serving(await archiveOf(folder.path, whole), {
    archive: r => r.write(Buffer.alloc(2000), () => controller.abort(reason)),
  });
  const cache = join(folder.path, 'cache');
  expect(await failure(install(cache, host.baseUrl, { signal: controller.signal }))).toBe(reason);
  await nothingIn(cache);
});

test('a host that is not there is named, with its cause', async () => {
  await using folder = await temporaryFolder();
  const host = await releaseHost(() => {});
  await host[Symbol.asyncDispose]();
  const error = await failure(install(folder.path, host.baseUrl));
  expect(error.reason).toContain(`${host.baseUrl}/v3.6.16/SHA256SUMS could not be fetched`);
  expect(error.reason).toContain('ECONNREFUSED');
  expect(error.hint).toContain('NODE_USE_ENV_PROXY');
});

test.each([
  ['of another minor', { ...whole, version: '3.5.1' }, /etcd is 3\.5\.1/],
  ['that lacks a program', { ...whole, programs: ['etcd', 'etcdctl'] }, /etcdutl is not in it/],
])('an archive %s does not come into the cache', async (_, content, reason) => {
  await using folder = await temporaryFolder();
  await using host = await serving(await archiveOf(folder.path, content));
  const cache = join(folder.path, 'cache');
  const error = await failure(install(cache, host.baseUrl));
  expect(error.reason).toMatch(reason);
  await nothingIn(cache);
});

test('two processes share one cache', async () => {
  await using folder = await temporaryFolder();
  const archive = await archiveOf(folder.path, whole);
  // Both have begun before either gets its archive, so neither finds the programs present.
  const waiting: ServerResponse[] = [];
  await using host = await serving(archive, {
    archive: response => {
      waiting.push(response);
      if (waiting.length === 2) for (const each of waiting) each.end(archive.bytes);
    },
  });
  const cache = join(folder.path, 'cache');
  const program = join(import.meta.dirname, 'support/install-programs.ts');
  const options = JSON.stringify({ cache, baseUrl: host.baseUrl, build: false });
  const run = () => promisify(execFile)(process.execPath, [program, '3.6', options]);
  const outcomes = (await Promise.all([run(), run()])).map(({ stdout }) => JSON.parse(stdout));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ how: 'released', version: '3.6.16' });
  expect(await readdir(join(cache, 'programs'))).toEqual(['3.6.16']);
  expect(await readdir(join(cache, 'programs/3.6.16'))).toHaveLength(3);
});

test('what a killed run left is removed after a day, not before', async () => {
  await using folder = await temporaryFolder();
  const cache = join(folder.path, 'cache');
  const [old, young] = ['.aside-old', '.aside-young'].map(name => join(cache, 'programs', name));
  for (const path of [old, young]) await mkdir(join(path ?? '', 'work'), { recursive: true });
  const dayAgo = Date.now() / 1000 - 90_000;
  await utimes(old ?? '', dayAgo, dayAgo);
  await using host = await serving(await archiveOf(folder.path, whole));
  await install(cache, host.baseUrl);
  expect((await readdir(join(cache, 'programs'))).sort()).toEqual(['.aside-young', '3.6.16']);
});

test('a cache that cannot be written is named', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'file'), '');
  const error = await failure(install(join(folder.path, 'file'), 'http://127.0.0.1:1'));
  expect(error).toMatchObject({ code: 'failed' });
  expect(error.hint).toContain('SNAPBACK_CACHE_DIR');
});

test('a SHA256SUMS file is read by name', () => {
  const [a, b] = ['a'.repeat(64), 'B'.repeat(64)];
  const sums = `${a}  etcd-a.tar.gz\n${b} *etcd-b.tar.gz\r\nnot a line\n`;
  expect(checksumOf('etcd-a.tar.gz', sums)).toBe(a);
  expect(checksumOf('etcd-b.tar.gz', sums)).toBe('b'.repeat(64));
  expect(checksumOf('etcd-a', sums)).toBeNull();
  expect(checksumOf('', sums)).toBeNull();
});
