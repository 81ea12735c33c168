import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from '../src/programs/cache.ts';
import { canBump, compareVersions, minorOf, minors, versions } from '../src/programs/versions.ts';

test('the minor of a version', () => {
  expect(minorOf('3.6.16')).toBe('3.6');
  expect(minorOf('v3.4.23')).toBe('3.4');
  expect(minorOf('3.7.0-rc.1')).toBe('3.7');
  expect(minorOf('3.6')).toBe('3.6');
  for (const other of ['3.9.1', '3.60.1', '13.6.1', '3', '', 'latest']) expect(minorOf(other)).toBeNull();
});

test('patch releases are compared as numbers', () => {
  expect(['3.6.9', '3.6.16', '3.5.35', '3.10.0'].sort(compareVersions)).toEqual([
    '3.5.35',
    '3.6.9',
    '3.6.16',
    '3.10.0',
  ]);
  expect(compareVersions('v3.6.16', '3.6.16')).toBe(0);
});

test('the revision can be raised from 3.4.27 and 3.5.10 on', () => {
  const can = ['3.4.27', '3.4.30', '3.5.10', '3.5.35', '3.6.0', '3.7.3'];
  const cannot = ['3.4.23', '3.4.26', '3.5.9', '3.3.27', '3.9.1'];
  expect(can.filter(canBump)).toEqual(can);
  expect(cannot.filter(canBump)).toEqual([]);
});

test('each minor that Go builds has a module of exactly the pinned version', async () => {
  for (const minor of minors.filter(name => versions[name].build === 'go')) {
    const folder = join(import.meta.dirname, '../src/programs/build', minor);
    const [mod, sum] = [
      await readFile(join(folder, 'go.mod'), 'utf8'),
      await readFile(join(folder, 'go.sum'), 'utf8'),
    ];
    for (const part of ['server', 'etcdutl', 'etcdctl', 'api', 'client/v3']) {
      const line = `go.etcd.io/etcd/${part.replace('/v3', '')}/v3 v${versions[minor].version}`;
      expect(mod).toContain(line);
      expect(sum).toContain(`${line} h1:`);
    }
    expect(mod).not.toContain('replace');
  }
});

test('the cache folder: named, else XDG, else in the home directory', () => {
  expect(cacheFolder({ SNAPBACK_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x' }, '/h')).toBe('/c');
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' }, '/h')).toBe('/x/etcd-snapback');
  expect(cacheFolder({ XDG_CACHE_HOME: 'relative' }, '/h')).toBe('/h/.cache/etcd-snapback');
  expect(cacheFolder({ SNAPBACK_CACHE_DIR: '', XDG_CACHE_HOME: '' }, '/h')).toBe('/h/.cache/etcd-snapback');
});
