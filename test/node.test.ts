/** The Node that these tests run on, and the one that the command asks for. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { oldestVersion } from '../scripts/oldest-node.ts';

const root = join(import.meta.dirname, '..');
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  devDependencies: { node: string };
};

test('the tests run on the Node that was asked for', () => {
  expect(process.versions.node).toBe(process.env.TEST_NODE ?? devDependencies.node);
});

test('the command says which Node it needs on every older one, and runs on the oldest of engines', () => {
  const oldest = oldestVersion();
  expect(on(oldest)).toMatchObject({ status: 0, stderr: '' });
  const older = `${Number(oldest.split('.')[0]) - 1}.99.0`;
  expect(on(older)).toMatchObject({ status: 1, stdout: '' });
  expect(on(older).stderr).toMatch(/^snapback needs Node\.js 24 or newer, and this is /);
});

/** `snapback --version` in a process that takes itself for another Node. */
const on = (version: string) => {
  const versions = `{...process.versions,node:'${version}'}`;
  const disguise = `data:text/javascript,Object.defineProperty(process,'versions',{value:${versions}})`;
  return spawnSync(process.execPath, ['--import', disguise, join(root, 'bin/snapback.js'), '--version'], {
    encoding: 'utf8',
  });
};
