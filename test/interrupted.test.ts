import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LargeEtcd, startLargeEtcd } from './support/large-etcd.ts';
import { need } from './support/programs.ts';
import { snapback } from './support/snapback.ts';

const programs = await need('3.6');

describe.skipIf(programs === null)('a command that is ended in the middle', () => {
  let large: LargeEtcd;

  beforeAll(async () => {
    large = await startLargeEtcd(programs?.etcd ?? '');
  });
  afterAll(() => large?.[Symbol.asyncDispose]());

  /** Stops etcd as soon as the upload has begun, then does what is asked. */
  const inTheMiddle = async (
    store: string,
    then: (kill: (signal: NodeJS.Signals) => void) => Promise<void>,
    more: string[] = [],
  ) => {
    let kill: (signal: NodeJS.Signals) => void = () => {};
    const ended = snapback(['save', ...large.etcd, '--store', store, ...more], {
      started: (_, killer) => {
        kill = killer;
      },
    });
    const [member] = large.cluster.members;
    while (!(await partsIn(store)).length) await sleep(5);
    await member?.signal('SIGSTOP');
    try {
      await then(kill);
      return await ended;
    } finally {
      await member?.signal('SIGCONT');
    }
  };

  const filesIn = (store: string) => readdir(join(store, 'default')).catch(() => []);
  const partsIn = async (store: string) =>
    (await filesIn(store)).filter(name => /\.db\.zst.*\.part$/.test(name));

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('save leaves nothing behind on %s', async (signal, code) => {
    const store = join(large.folder, signal);
    const ran = await inTheMiddle(store, async kill => kill(signal));
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain('Nothing was stored.');
    expect(await filesIn(store)).toEqual(['cluster.json']);
  });

  it('save says so when etcd stalls, within the idle timeout', async () => {
    const store = join(large.folder, 'stalls');
    const ran = await inTheMiddle(store, async () => {}, ['--idle-timeout', '2s']);
    expect(ran.code).toBe(30);
    expect(ran.stderr).toContain('sent nothing for 2 s');
    expect(await filesIn(store)).toEqual(['cluster.json']);
  });

  it('after a kill -9 no half snapshot is listed, and the next save works', async () => {
    const store = join(large.folder, 'killed');
    const ran = await inTheMiddle(store, async kill => kill('SIGKILL'));
    expect(ran.code).toBe(null);
    expect(await partsIn(store)).toHaveLength(1);
    const listed = await snapback(['list', '--store', store, '--json']);
    expect(JSON.parse(listed.stdout).result.clusters[0]).toMatchObject({ snapshots: [], orphans: [] });
    const next = await snapback(['save', ...large.etcd, '--store', store, '--quiet']);
    expect(next.code).toBe(0);
    expect((await snapback(['verify', '--store', store])).code).toBe(0);
  });

  it('verify removes its scratch folder and its etcd on SIGTERM, and writes no verdict', async () => {
    const store = join(large.folder, 'verify');
    const scratch = await mkdtemp(join(large.folder, 'scratch-'));
    expect((await snapback(['save', ...large.etcd, '--store', store])).code).toBe(0);
    const before = await filesIn(store);
    const ran = await snapback(['verify', '--store', store, '--scratch', scratch], {
      started: async (_, kill) => {
        while (!(await readdir(scratch, { recursive: true })).some(name => name.endsWith('snapshot.db')))
          await sleep(5);
        kill('SIGTERM');
      },
    });
    expect(ran.code).toBe(143);
    expect(await readdir(scratch)).toEqual([]);
    expect(await filesIn(store)).toEqual(before);
    expect(await etcdsIn(scratch)).toEqual([]);
  });

  it('restore leaves no data directory behind on SIGTERM', async () => {
    const store = join(large.folder, 'verify');
    const scratch = await mkdtemp(join(large.folder, 'scratch-'));
    const dataDir = join(large.folder, 'data');
    const ran = await snapback(['restore', '--store', store, '--data-dir', dataDir, '--scratch', scratch], {
      started: async (_, kill) => {
        while (!(await readdir(scratch, { recursive: true })).some(name => name.endsWith('snapshot.db')))
          await sleep(5);
        kill('SIGTERM');
      },
    });
    expect(ran.code).toBe(143);
    expect(await readdir(scratch)).toEqual([]);
    await expect(readdir(dataDir)).rejects.toThrow('ENOENT');
  });

  /** Processes whose arguments name the folder. */
  const etcdsIn = async (path: string): Promise<string[]> => {
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
    const lines = await Promise.all(
      pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    return lines.filter(line => line.includes(path));
  };
});
