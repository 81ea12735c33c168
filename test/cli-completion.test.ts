/** The completion scripts, run by the shells that they are for. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../src/cli/commands.ts';
import { everywhere } from '../src/cli/options.ts';
import { snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const shells = ['bash', 'zsh', 'fish'];
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, 'a-folder'));
  for (const shell of shells) {
    const { code, stdout, stderr } = await snapback(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await writeFile(join(folder.path, shell), stdout);
  }
});
afterAll(() => folder[Symbol.asyncDispose]());

/** What bash offers when TAB is pressed after these words, the last of which may be empty. */
const offered = (...words: string[]): string[] => {
  const script = `source ./bash
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _snapback
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, 'bash', 'snapback', ...words], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter(word => word !== '');
};

describe('bash', () => {
  test('offers the commands', () => {
    const words = [...new Set(commands.map(({ name }) => name.split(' ')[0]))];
    expect(offered('')).toEqual([...words, 'help', '--help']);
    expect(offered('sa')).toEqual(['save']);
    expect(offered('tools', '')).toEqual(['install', '--help']);
    expect(offered('completion', 'z')).toEqual(['zsh']);
  });

  test('offers every option of every command', async () => {
    for (const { name, load } of commands) {
      const flags = Object.values({ ...(await load()).options, ...everywhere }).map(
        ({ flag }) => `--${flag}`,
      );
      expect(offered(...name.split(' '), '--')).toEqual([...flags, '--help']);
    }
  });

  test('offers the choices of an option, also after =', () => {
    expect(offered('list', '--log-level', '')).toEqual(['debug', 'info', 'warn', 'error']);
    expect(offered('list', '--log-level', 'd')).toEqual(['debug']);
    expect(offered('list', '--log-level', '=')).toEqual(['debug', 'info', 'warn', 'error']);
    expect(offered('list', '--log-level', '=', 'w')).toEqual(['warn']);
  });

  test('leaves any other value to the names of files', () => {
    expect(offered('save', '--cacert', '')).toEqual([]);
    expect(offered('save', '--store', '-')).toEqual([]);
  });

  test('goes on after an option', () => {
    expect(offered('save', '--cacert', 'x', '--endp')).toEqual(['--endpoints']);
  });

  test('knows the command behind options', () => {
    expect(offered('--cluster', 'list', 'sa')).toEqual(['save']);
    expect(offered('--cluster', 'list', 'save', '--endp')).toEqual(['--endpoints']);
    expect(offered('--cluster', '=', 'list', '--quiet', 'tools', 'in')).toEqual(['install']);
    expect(offered('--quiet', '=', 'false', 'save', '--endp')).toEqual(['--endpoints']);
  });
});

// `shell -n` reads a script without running it.
const isInstalled = (shell: string) => spawnSync(shell, ['--version']).error === undefined;
for (const shell of shells.filter(isInstalled))
  test(`${shell} can read its script`, () => {
    const { status, stderr } = spawnSync(shell, ['-n', join(folder.path, shell)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

test('another shell is refused with those that are known', async () => {
  const { code, stderr } = await snapback(['completion', 'tcsh']);
  expect(code).toBe(2);
  expect(stderr).toContain('It knows bash, zsh, fish.');
});
