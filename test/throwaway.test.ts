import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type { Programs } from '../src/programs/find.ts';
import { pidUsing } from '../src/programs/in-use.ts';
import { restoreDataDir } from '../src/programs/restore.ts';
import { startThrowaway } from '../src/programs/throwaway.ts';
import { throwawayPeerUrl } from '../src/programs/throwaway-arguments.ts';
import { processesWith, until } from './support/processes.ts';
import { etcdctl, need, testedMinors } from './support/programs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { member, readyThrowaway, snapshotFile } from './support/throwaways.ts';

const start = (programs: Programs, scratch: string, dataDir: string, more: object = {}) =>
  startThrowaway(programs, {
    dataDirs: [member('m0', dataDir)],
    scratch,
    quotaBytes: 100_000_000,
    dialTimeout: 60_000,
    signal: new AbortController().signal,
    ...more,
  });

/** How many sockets a process has that are in the kernel's lists of TCP sockets, listening or not. */
const tcpSockets = async (pid: number): Promise<number> => {
  const lists = `${await readFile('/proc/net/tcp', 'utf8')}${await readFile('/proc/net/tcp6', 'utf8')}`;
  const inodes = new Set(lists.split('\n').map(line => line.trim().split(/\s+/)[9]));
  const links = (await readdir(`/proc/${pid}/fd`)).map(fd =>
    readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''),
  );
  const sockets = (await Promise.all(links)).map(link => /^socket:\[(\d+)\]$/.exec(link)?.[1]);
  return sockets.filter(inode => inode !== undefined && inodes.has(inode)).length;
};

/** The etcds on a data directory: the watchdog has it on its command line too, as JSON. */
const etcdsOn = (dataDir: string): Promise<number[]> => processesWith(`\0--data-dir=${dataDir}\0`);

for (const minor of testedMinors) {
  const programs = await need(minor);
  test.skipIf(!programs)(`a throwaway etcd ${minor} serves on a unix socket alone`, async () => {
    if (!programs) return;
    await using folder = await temporaryFolder();
    const dataDir = join(folder.path, 'data');
    const throwaway = await readyThrowaway(programs, folder.path, [member('m0', dataDir)]);
    const [endpoint = ''] = throwaway.endpoints;
    expect(endpoint).toMatch(/^unix:\//);
    await etcdctl(programs, endpoint, ['put', 'a', '1']);
    expect(await etcdctl(programs, endpoint, ['get', 'a'])).toBe('a\n1\n');
    const [pid = 0] = await etcdsOn(dataDir);
    expect(await tcpSockets(pid)).toBe(0);
    expect(await pidUsing(dataDir)).toBe(pid);
    expect((await stat(dirname(endpoint.slice('unix:'.length)))).mode & 0o777).toBe(0o700);

    await throwaway[Symbol.asyncDispose]();
    expect(await throwaway.exited).toEqual({ code: 0, signal: null, reason: 'was stopped' });
    expect(await processesWith(dataDir)).toEqual([]);
    expect(await readdir(folder.path)).toEqual(['data']);
    expect(await pidUsing(dataDir)).toBeNull();
  });
}

const found = await need('3.6');
const unlessThere = test.skipIf(!found);
const programs = found as Programs;

unlessThere('three members, in a scratch folder with a long path', async () => {
  await using folder = await temporaryFolder();
  const scratch = join(folder.path, 'x'.repeat(150));
  await mkdir(scratch, { mode: 0o700 });
  const dataDirs = ['m0', 'm1', 'm2'].map(name => member(name, join(scratch, name)));
  const before = await readdir(tmpdir());
  {
    await using throwaway = await readyThrowaway(programs, scratch, dataDirs);
    expect(throwaway.endpoints).toHaveLength(3);
    for (const endpoint of throwaway.endpoints) expect(endpoint.length).toBeLessThan(108);
    const [first = '', , last = ''] = throwaway.endpoints;
    await etcdctl(programs, first, ['put', 'a', '1']);
    expect(await etcdctl(programs, last, ['get', 'a'])).toBe('a\n1\n');
    const socketFolder = dirname(first.slice('unix:'.length));
    expect((await stat(socketFolder)).mode & 0o777).toBe(0o700);
    expect(before).not.toContain(socketFolder.split('/').at(-1));
    await throwaway[Symbol.asyncDispose]();
    await expect(stat(socketFolder)).rejects.toMatchObject({ code: 'ENOENT' });
  }
  expect(await processesWith(scratch)).toEqual([]);
});

unlessThere('the environment of a person does not reach it', async () => {
  await using folder = await temporaryFolder();
  process.env.ETCD_NAME = 'other';
  process.env.ETCD_LISTEN_METRICS_URLS = 'http://127.0.0.1:0';
  process.env.ETCDCTL_ENDPOINTS = 'http://127.0.0.1:1';
  try {
    const dataDir = join(folder.path, 'data');
    await using throwaway = await readyThrowaway(programs, folder.path, [member('m0', dataDir)]);
    const [pid = 0] = await etcdsOn(dataDir);
    expect(await tcpSockets(pid)).toBe(0);
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/ETCD(CTL)?_/);
    expect(throwaway.output()).not.toContain('ETCD_NAME');
  } finally {
    delete process.env.ETCD_NAME;
    delete process.env.ETCD_LISTEN_METRICS_URLS;
    delete process.env.ETCDCTL_ENDPOINTS;
  }
});

unlessThere('an etcd that does not boot is told by exited, with its own last words', async () => {
  await using folder = await temporaryFolder();
  const file = await snapshotFile(programs, folder.path);
  const dataDir = join(folder.path, 'data');
  await restoreDataDir(programs, {
    file,
    dataDir,
    walDir: null,
    name: 'm0',
    initialCluster: `m0=${throwawayPeerUrl('m0')}`,
    initialClusterToken: 'token',
    initialAdvertisePeerUrls: [throwawayPeerUrl('m0')],
    skipHashCheck: false,
    bumpRevision: null,
    signal: new AbortController().signal,
  });
  await writeFile(join(dataDir, 'member/snap/db'), Buffer.alloc(65_536, 1));
  await using throwaway = await start(programs, folder.path, dataDir);
  const ended = await throwaway.exited;
  expect(ended.code).not.toBe(0);
  expect(ended.reason).toMatch(/^ended with code \d+ \(failed to open database: .+\)$/);
  expect(throwaway.output()).toContain('goroutine');
});

unlessThere('an etcd program that is gone is told by exited', async () => {
  await using folder = await temporaryFolder();
  const gone = { ...programs, etcd: join(folder.path, 'etcd') };
  await using throwaway = await start(gone, folder.path, join(folder.path, 'data'));
  expect((await throwaway.exited).reason).toMatch(/ended with code 127 \(spawn .*ENOENT\)/);
});

unlessThere('one member that dies ends all', async () => {
  await using folder = await temporaryFolder();
  const dataDirs = ['m0', 'm1', 'm2'].map(name => member(name, join(folder.path, name)));
  await using throwaway = await readyThrowaway(programs, folder.path, dataDirs);
  const [pid = 0] = await etcdsOn(join(folder.path, 'm1'));
  process.kill(pid, 'SIGKILL');
  expect(await throwaway.exited).toEqual({ code: null, signal: 'SIGKILL', reason: 'was ended by SIGKILL' });
  expect(await processesWith(join(folder.path, 'm'))).toEqual([]);
});

unlessThere('a watchdog that is killed takes its etcd along', async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, 'data');
  await using throwaway = await readyThrowaway(programs, folder.path, [member('m0', dataDir)]);
  const etcds = await etcdsOn(dataDir);
  const [watchdog = 0] = (await processesWith(dataDir)).filter(pid => !etcds.includes(pid));
  process.kill(watchdog, 'SIGKILL');
  expect((await throwaway.exited).signal).toBe('SIGKILL');
  expect(await processesWith(dataDir)).toEqual([]);
});

unlessThere('an etcd that does not heed SIGTERM is killed', async () => {
  await using folder = await temporaryFolder();
  const dataDir = join(folder.path, 'data');
  const throwaway = await readyThrowaway(programs, folder.path, [member('m0', dataDir)]);
  const [pid = 0] = await etcdsOn(dataDir);
  process.kill(pid, 'SIGSTOP');
  await throwaway[Symbol.asyncDispose]();
  expect(await processesWith(dataDir)).toEqual([]);
});

unlessThere('an abort while it starts leaves nothing running', async () => {
  await using folder = await temporaryFolder();
  const controller = new AbortController();
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 30);
  const dataDir = join(folder.path, 'data');
  // A program that never listens.
  await writeFile(join(folder.path, 'etcd'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
  const silent = { ...programs, etcd: join(folder.path, 'etcd') };
  const started = start(silent, folder.path, dataDir, { signal: controller.signal });
  await expect(started).rejects.toBe(reason);
  expect(await processesWith(folder.path)).toEqual([]);
  expect(await readdir(folder.path)).toEqual(['etcd']);
});

const line = async (child: ChildProcess): Promise<string> => {
  const [first] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  return `${first}`.trim();
};

unlessThere('when the process that started it is killed, etcd and what it held are gone', async () => {
  await using folder = await temporaryFolder();
  const program = join(import.meta.dirname, 'support/start-throwaway.ts');
  const starter = spawn(process.execPath, [program, '3.6', folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const dataDir = join(folder.path, 'data');
  try {
    expect(await line(starter)).toMatch(/^unix:\//);
    expect(await etcdsOn(dataDir)).toHaveLength(1);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  } finally {
    starter.kill('SIGKILL');
  }
  await until(async () => (await processesWith(folder.path)).length === 0);
  expect(await readdir(folder.path)).toEqual([]);
});

unlessThere(
  'a peer URL that is no socket in the working directory is refused before anything starts',
  async () => {
    await using folder = await temporaryFolder();
    for (const peerUrl of ['http://127.0.0.1:2380', 'unix:///tmp/x:1', 'unix://x']) {
      const dataDirs = [{ name: 'm0', dataDir: join(folder.path, 'data'), peerUrl }];
      await expect(start(programs, folder.path, '', { dataDirs })).rejects.toMatchObject({ code: 'failed' });
    }
    expect(await readdir(folder.path)).toEqual([]);
  },
);
