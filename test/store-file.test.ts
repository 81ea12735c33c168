import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openFileStore } from '../src/store/file.ts';
import { publish, publishByReservation } from '../src/store/file-publish.ts';
import type { Store } from '../src/store/store.ts';
import { inOwnNamespaces } from './support/own-namespaces.ts';
import { storeContract } from './support/store-contract.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const program = join(import.meta.dirname, 'support/put-program.ts');

storeContract('file', async () => {
  const folder = await temporaryFolder();
  // One that is not there yet: the first put makes it.
  const store = openFileStore(join(folder.path, 'not/yet'));
  return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
});

test('files are 0600 in folders that are 0700; folders that were there keep their mode', async () => {
  await using folder = await temporaryFolder();
  await chmod(folder.path, 0o755);
  await openFileStore(join(folder.path, 'a/b')).put('prod/x', Buffer.from('x'), { signal });
  const modes = ['', 'a', 'a/b', 'a/b/prod', 'a/b/prod/x'].map(
    async path => (await stat(join(folder.path, path))).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o755, 0o700, 0o700, 0o700, 0o600]);
});

test('a folder that is not there is an empty store, and looking at it does not make it', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(join(folder.path, 'none'));
  expect(await listed(store)).toEqual([]);
  expect(await store.clusters({ signal })).toEqual([]);
  expect(await store.now({ signal })).toBeInstanceOf(Date);
  await store.remove('prod/x', { signal });
  expect(await readdir(folder.path)).toEqual([]);
});

test.each(['', '/below'])('a store folder that is a file%s is said to be one by everything', async below => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'file'), 'x');
  const store = openFileStore(join(folder.path, `file${below}`));
  const error = {
    code: 'store',
    reason: expect.stringContaining('not a folder'),
    hint: expect.stringContaining('--store'),
  };
  const body = Readable.from(['x']);
  await expect(store.put('prod/x', body, { signal })).rejects.toMatchObject(error);
  expect(body.destroyed).toBe(true);
  await expect(store.get('prod/x', { signal })).rejects.toMatchObject(error);
  await expect(listed(store)).rejects.toMatchObject(error);
  await expect(store.clusters({ signal })).rejects.toMatchObject(error);
  await expect(store.remove('prod/x', { signal })).rejects.toMatchObject(error);
  await expect(store.now({ signal })).rejects.toMatchObject(error);
  expect(await readFile(join(folder.path, 'file'), 'utf8')).toBe('x');
});

test('only regular files with names of objects are listed', async () => {
  await using folder = await temporaryFolder();
  const prod = join(folder.path, 'prod');
  await mkdir(join(prod, 'subfolder'), { recursive: true });
  await mkdir(join(folder.path, 'empty'));
  await mkdir(join(folder.path, 'lost+found'), { mode: 0 });
  await writeFile(join(folder.path, 'notes.txt'), 'x');
  for (const file of ['a', '.hidden', 'with space', '.a.0123456789ab.part'])
    await writeFile(join(prod, file), 'x');
  await symlink('gone', join(prod, 'broken'));
  await symlink('a', join(prod, 'link'));
  const store = openFileStore(folder.path);
  expect(await listed(store)).toEqual(['prod/a', 'prod/link']);
  expect(await store.clusters({ signal })).toEqual(['prod']);
});

test('unfinished uploads go by the time of their last byte, and nothing else goes', async () => {
  await using folder = await temporaryFolder();
  const prod = join(folder.path, 'prod');
  await mkdir(prod);
  const hour = 3_600_000;
  const now = Date.now();
  const files = {
    '.old.0123456789ab.part': 25,
    '.new.0123456789ab.part': 1,
    '.cluster.json.reserved.part': 25,
  };
  const strangers = { '.mine.part': 25, '.x.0123456789AB.part': 25, 'y.0123456789ab.part': 25, old: 25 };
  for (const [file, hours] of Object.entries({ ...files, ...strangers })) {
    await writeFile(join(prod, file), 'x');
    await utimes(join(prod, file), new Date(now - hours * hour), new Date(now - hours * hour));
  }
  const removed = await openFileStore(folder.path).removeUnfinished('prod', {
    before: new Date(now - 24 * hour),
    signal,
  });
  expect(removed).toEqual(['prod/.cluster.json.reserved.part', 'prod/.old.0123456789ab.part']);
  expect((await readdir(prod)).sort()).toEqual(['.new.0123456789ab.part', ...Object.keys(strangers)].sort());
});

test('a kill -9 in the middle leaves a part that is not listed and that goes when it is old', async () => {
  await using folder = await temporaryFolder();
  const child = spawn(process.execPath, [program, folder.path, 'prod/x', 'stalled'], { stdio: 'ignore' });
  const gone = once(child, 'exit');
  while ((await partSizes(folder.path))[0] !== 300_000) await setTimeout(20);
  child.kill('SIGKILL');
  await gone;
  const store = openFileStore(folder.path);
  expect(await listed(store)).toEqual([]);
  const now = await store.now({ signal });
  expect(
    await store.removeUnfinished('prod', { before: new Date(now.getTime() - 86_400_000), signal }),
  ).toEqual([]);
  const later = { before: new Date(now.getTime() + 1), signal };
  expect(await store.removeUnfinished('prod', later)).toEqual([
    expect.stringMatching(/^prod\/\.x\.[0-9a-f]{12}\.part$/),
  ]);
  expect(await readdir(join(folder.path, 'prod'))).toEqual([]);
  await store.put('prod/x', Buffer.from('again'), { signal });
});

test('a full disk is said with the space that is left, and what was written goes', async context => {
  await using folder = await temporaryFolder();
  const script = `mount -t tmpfs -o size=1m tmpfs "$1" && "$2" "$3" "$1" prod/x 3000000 && ls -A "$1/prod" | wc -l`;
  const out = await inOwnNamespaces(context, ['--mount'], script, folder.path, process.execPath, program);
  const [answer = '', left] = out.split('}');
  expect(JSON.parse(`${answer}}`)).toMatchObject({
    code: 'store',
    message: expect.stringMatching(/is full \([\d.]+ [KMGT]?i?B free\)$/),
    hint: expect.stringContaining('Make room'),
  });
  expect(left?.trim()).toBe('0');
});

test('a read-only file system is said', async context => {
  await using folder = await temporaryFolder();
  const script = `mount -t tmpfs -o ro tmpfs "$1" && "$2" "$3" "$1" prod/x 3`;
  const out = await inOwnNamespaces(context, ['--mount'], script, folder.path, process.execPath, program);
  expect(JSON.parse(out)).toMatchObject({
    code: 'store',
    message: expect.stringContaining('mounted read-only'),
  });
});

test('a folder that this user may not write says so, with the user', async () => {
  await using folder = await temporaryFolder();
  const root = process.getuid?.() === 0;
  // Root writes through modes, so a child that is not root has to try.
  await chmod(folder.path, root ? 0o755 : 0o555);
  if (root) await chown(folder.path, 0, 0);
  const uid = root ? 65_534 : undefined;
  const store = `
    import { openFileStore } from ${JSON.stringify(join(import.meta.dirname, '../src/store/file.ts'))};
    const { signal } = new AbortController();
    ${root ? 'process.setgroups([]); process.setgid(65534); process.setuid(65534);' : ''}
    const error = await openFileStore(process.argv[1]).put('prod/x', Buffer.from('x'), { signal }).catch(error => error);
    console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    store,
    folder.path,
  ]);
  expect(JSON.parse(stdout)).toMatchObject({
    code: 'store',
    message: expect.stringContaining(`may not be used by this user (uid ${uid ?? process.getuid?.()})`),
    hint: expect.stringContaining('Give it to the user'),
  });
  await chmod(folder.path, 0o755);
});

test('a file that is cut while it is read is an error, never an end', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await store.put('prod/x', Buffer.alloc(4_000_000), { signal });
  const body = await store.get('prod/x', { signal });
  const read = async () => {
    let size = 0;
    for await (const chunk of body) {
      if (size === 0) await truncate(join(folder.path, 'prod/x'), 1_000_000);
      size += chunk.length;
    }
  };
  await expect(read()).rejects.toMatchObject({
    code: 'store',
    reason: expect.stringContaining('of 4,000,000 bytes'),
  });
});

test.runIf(process.platform === 'linux')('streams that are dropped unread keep no file open', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await store.put('prod/x', Buffer.alloc(1_000_000), { signal });
  const dropped = await store.get('prod/x', { signal });
  const half = await store.get('prod/x', { signal });
  for await (const _ of half) break;
  expect(await openFiles(folder.path)).toHaveLength(1);
  dropped.destroy();
  await once(dropped, 'close');
  expect(await openFiles(folder.path)).toEqual([]);
});

for (const [way, give] of Object.entries({ link: publish, reservation: publishByReservation }))
  test(`a name is given by ${way} once, whatever is under it`, async () => {
    await using folder = await temporaryFolder();
    const target = join(folder.path, 'x');
    const parts = ['a', 'b', 'c', 'd'].map(name => join(folder.path, `.x.${name}.part`));
    await Promise.all(parts.map(part => writeFile(part, part)));
    const given = await Promise.all(parts.map(part => give(part, target)));
    expect(given.filter(Boolean)).toHaveLength(1);
    const winner = parts[given.indexOf(true)];
    expect(await readFile(target, 'utf8')).toBe(winner);
    const losers = parts.filter(part => part !== winner).map(part => part.slice(folder.path.length + 1));
    expect((await readdir(folder.path)).sort()).toEqual([...losers, 'x'].sort());

    await symlink('gone', join(folder.path, 'broken'));
    expect(await give(parts.find(part => part !== winner) ?? '', join(folder.path, 'broken'))).toBe(false);
    expect(await readlink(join(folder.path, 'broken'))).toBe('gone');
  });

test('a link whose answer was lost is known as our own', async () => {
  await using folder = await temporaryFolder();
  const [part, target] = [join(folder.path, '.x.part'), join(folder.path, 'x')];
  await writeFile(part, 'mine');
  await link(part, target);
  expect(await publish(part, target)).toBe(true);
  expect(await readdir(folder.path)).toEqual(['x']);
});

test('a reservation that a kill left behind blocks its one name and nothing else', async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, '.x.reserved.part'), '');
  await writeFile(join(folder.path, '.x.part'), 'x');
  expect(await publishByReservation(join(folder.path, '.x.part'), join(folder.path, 'x'))).toBe(false);
  expect(await publishByReservation(join(folder.path, '.x.part'), join(folder.path, 'y'))).toBe(true);
  expect((await readdir(folder.path)).sort()).toEqual(['.x.reserved.part', 'y']);
});

const listed = async (store: Store): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list('prod', { signal })) names.push(name);
  return names.sort();
};

const partSizes = async (root: string): Promise<number[]> => {
  const prod = join(root, 'prod');
  const files = await readdir(prod).catch(() => []);
  return Promise.all(files.map(async file => (await stat(join(prod, file))).size));
};

const openFiles = async (below: string): Promise<string[]> => {
  const targets = await Promise.all(
    (await readdir('/proc/self/fd')).map(fd => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
  );
  return targets.filter(target => target.startsWith(below));
};
