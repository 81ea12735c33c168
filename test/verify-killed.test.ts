import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { livingFolder, removeDead } from '../src/job/scratch-life.ts';
import { type LargeEtcd, startLargeEtcd } from './support/large-etcd.ts';
import { need } from './support/programs.ts';
import { snapback } from './support/snapback.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const bin = fileURLToPath(new URL('../bin/snapback.js', import.meta.url));

describe.skipIf(programs === null)('a verify that is killed', () => {
  let large: LargeEtcd;
  let store: string;

  beforeAll(async () => {
    large = await startLargeEtcd(programs?.etcd ?? '');
    store = join(large.folder, 'store');
    expect((await snapback(['save', ...large.etcd, '--store', store])).code).toBe(0);
  });
  afterAll(() => large?.[Symbol.asyncDispose]());

  /** Ends once what it printed matches, by SIGKILL. */
  const killedAfter = async (scratch: string, words: RegExp) => {
    const child = spawn(process.execPath, [bin, 'verify', '--store', store, '--scratch', scratch], {
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let printed = '';
    child.stderr.on('data', chunk => {
      printed += chunk;
      if (words.test(printed)) child.kill('SIGKILL');
    });
    return await new Promise<NodeJS.Signals | null>(done => child.on('close', (_, signal) => done(signal)));
  };

  it.each([
    ['fetched', /from etcd 3\.6/],
    ['read', /✓ content/],
    ['restored', /✓ same as living/],
    ['booted', /✓ restored/],
    ['compared', /✓ etcd started/],
  ])('while it is %s leaves no etcd, and no scratch that the next run does not remove', async (_, words) => {
    const scratch = await mkdtemp(join(large.folder, 'scratch-'));
    expect(await killedAfter(scratch, words)).toBe('SIGKILL');
    const until = Date.now() + 10_000;
    while ((await processesIn(scratch)).length > 0 && Date.now() < until) await sleep(50);
    expect(await processesIn(scratch)).toEqual([]);
    expect(
      (await snapback(['verify', '--store', store, '--scratch', scratch, '--level', 'content'])).code,
    ).toBe(0);
    expect(await readdir(scratch)).toEqual([]);
  });

  /** Processes whose arguments name the folder. */
  const processesIn = async (path: string): Promise<string[]> => {
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
    const lines = await Promise.all(
      pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    return lines.filter(line => line.includes(path));
  };
});

test('the folder of a run that lives is left alone, and so is what is not known to be one', async () => {
  await using temporary = await temporaryFolder();
  const { path } = temporary;
  await using living = await livingFolder(path);
  // Of another machine, as far as can be told; and things of somebody else's.
  const others = ['snapback-scratch-AAAAAA', 'snapback-scratch-elsewhere', 'snapback-BBBBBB'];
  for (const name of others) await mkdir(join(path, name));
  const long = new Date(Date.now() - 23 * 3_600_000);
  await utimes(join(path, 'snapback-scratch-AAAAAA'), long, long);
  await removeDead(path);
  expect((await readdir(path)).map(name => join(path, name)).sort()).toEqual(
    [living.path, ...others.map(name => join(path, name))].sort(),
  );
  const longer = new Date(Date.now() - 25 * 3_600_000);
  for (const name of others) await utimes(join(path, name), longer, longer);
  await removeDead(path);
  expect(await readdir(path)).not.toContain('snapback-scratch-AAAAAA');
  expect(await readdir(path)).toHaveLength(3);
});
