import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { durationOption, listOption, switchOption, textOption } from '../src/cli/option.ts';
import { type Given, resolve } from '../src/cli/resolve.ts';
import { isSnapbackError } from '../src/errors.ts';
import { snapback } from './support/snapback.ts';

const options = {
  endpoints: listOption({
    flag: 'endpoints',
    help: '',
    env: ['ETCDCTL_ENDPOINTS'],
    comma: true,
    fallback: ['default'],
  }),
  idle: durationOption({ flag: 'idle-timeout', help: '', fallback: 30_000 }),
  skip: switchOption({ flag: 'skip', help: '', fallback: false }),
  password: textOption({ flag: 'password', help: '', env: ['ETCDCTL_PASSWORD'], fallback: null }),
};

const given = (
  flags: Record<string, string[]>,
  env: NodeJS.ProcessEnv,
  config: Record<string, unknown> | null,
): Given => ({
  flags: new Map(Object.entries(flags)),
  env,
  config: config && { file: 'snapback.yaml', content: config, complaints: [] },
});

describe('what an option is', () => {
  const all = { SNAPBACK_ENDPOINTS: 'own', ETCDCTL_ENDPOINTS: 'theirs' };
  it.each([
    [{ endpoints: ['flag'] }, all, { endpoints: ['config'] }, ['flag'], 'flag'],
    [{}, all, { endpoints: ['config'] }, ['own'], 'environment'],
    [{}, { ETCDCTL_ENDPOINTS: 'a:1, b:2' }, { endpoints: ['config'] }, ['a:1', 'b:2'], 'environment'],
    [{}, { SNAPBACK_ENDPOINTS: '', ETCDCTL_ENDPOINTS: '' }, { endpoints: ['c', 'd'] }, ['c', 'd'], 'config'],
    [{}, {}, { endpoints: 'c,d' }, ['c', 'd'], 'config'],
    [{}, {}, null, ['default'], 'default'],
  ])('flag, own variable, etcdctl’s, config file, default: case %#', (flags, env, config, value, source) => {
    const resolved = resolve(options, given(flags as Record<string, string[]>, env, config));
    expect(resolved.values.endpoints).toEqual(value);
    expect(resolved.sources.endpoints).toBe(source);
  });

  it.each([
    ['5s', 5_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['8d', 691_200_000],
    ['2w', 1_209_600_000],
  ])('reads the duration %s', (text, milliseconds) => {
    expect(resolve(options, given({ 'idle-timeout': [text] }, {}, null)).values.idle).toBe(milliseconds);
  });

  it('complains about everything at once, and quotes no password', () => {
    const wrong = given(
      { 'idle-timeout': ['5 parsecs'], password: [' '] },
      { SNAPBACK_SKIP: 'perhaps' },
      null,
    );
    try {
      resolve(options, wrong);
      expect.unreachable();
    } catch (error) {
      if (!isSnapbackError(error)) throw error;
      expect(error.code).toBe('usage');
      for (const part of ['--idle-timeout', '5 parsecs', 'SNAPBACK_SKIP', '--password'])
        expect(error.message).toContain(part);
    }
  });
});

describe('a command line', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapback-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const inFolder = (...args: string[]) => snapback(args, { cwd: folder });

  it.each([
    [['list', '--stroe', 'x'], '--store'],
    [['lst'], 'list'],
    [['list', '--dial-timeout', 'x'], '--dial-timeout'],
    [['save', '--idle-timeout', 'soon'], 'is not a duration'],
    [['prune', '--keep-last', 'many'], '--keep-last'],
    [['list', '--store', 's3://bucket'], 'file:///'],
    [['list', '--cluster', '../x'], '../x'],
    [['save', '--endpoints', 'https://:0:0'], ':0:0'],
    [['save', '--cacert', '/nowhere/ca.crt', '--endpoints', 'https://127.0.0.1:1'], '/nowhere/ca.crt'],
    [['save', '--user', 'root'], '--password-file'],
    [['save', '--label', 'nothing'], 'KEY=VALUE'],
    [['verify', '--level', 'content'], 'content'],
    [['verify', '--level', 'contents'], 'content'],
    [['restore', '--data-dir', 'a', '--output', 'b', 'x.db'], 'x.db'],
    [['tools', 'install', '2.3'], '3.6'],
  ])('%j is refused, and says why', async (args, word) => {
    const ran = await inFolder(...args);
    expect([2, 22]).toContain(ran.code);
    expect(ran.stderr).toContain(word);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  });

  it('reads snapback.yaml, and names the nearest of an unknown key', async () => {
    await writeFile(join(folder, 'snapback.yaml'), 'store: ./elsewhere\n');
    const listed = await inFolder('list', '--json');
    expect(JSON.parse(listed.stdout).result.store).toContain('elsewhere');
    await writeFile(join(folder, 'wrong.yaml'), 'keep-dialy: 7\n');
    const wrong = await inFolder('list', '--config', 'wrong.yaml');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('keep-daily');
    expect((await inFolder('list', '--config', 'absent.yaml')).code).toBe(2);
    await writeFile(join(folder, 'broken.yaml'), 'a: [\n');
    expect((await inFolder('list', '--config', 'broken.yaml')).code).toBe(2);
  });

  it('with --json a failure is one document on stdout', async () => {
    const ran = await inFolder('verify', '--json', '--store', './nothing');
    expect(ran.code).toBe(22);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      format: 1,
      command: 'verify',
      ok: false,
      exit: 22,
      error: { code: 'not-found' },
    });
  });

  it('prints help with the exit codes, for the program and a command', async () => {
    for (const args of [['--help'], ['help', 'save'], ['save', '--help']]) {
      const ran = await inFolder(...args);
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(/^ +24 /m);
    }
    expect((await inFolder('save', '--help')).stdout).toContain('--allow-no-quorum');
  });

  it('says which Node it needs when it is an old one', async () => {
    const old = ['/usr/bin/node', '/usr/local/bin/node'];
    const { execFileSync, spawnSync } = await import('node:child_process');
    const { existsSync } = await import('node:fs');
    const program = old.find(
      path =>
        existsSync(path) && Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'])) < 24,
    );
    if (!program) return expect(process.versions.node.split('.').map(Number)[0]).toBeGreaterThanOrEqual(24);
    const ran = spawnSync(program, ['bin/snapback.js', 'list'], { encoding: 'utf8' });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/^snapback needs Node\.js 24 or newer.*\n$/);
  });
});
