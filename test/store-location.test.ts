import { expect, test } from 'vitest';
import { parseLocation } from '../src/store/location.ts';
import { openStore } from '../src/store/open.ts';

test.each([
  ['file:///var/backups/etcd', '/var/backups/etcd'],
  ['FILE:///var/backups', '/var/backups'],
  ['file:/var/backups', '/var/backups'],
  ['file:backups', 'backups'],
  ['file:./backups', './backups'],
  ['file:///var/my%20backups', '/var/my backups'],
  ['./snapbacks', './snapbacks'],
  ['snapbacks', 'snapbacks'],
  ['/var/x', '/var/x'],
  ['/var/100%', '/var/100%'],
  ['./with:colon', './with:colon'],
])('%s is the folder %s', (text, path) => {
  expect(parseLocation(text)).toEqual({ kind: 'file', path });
});

test.each([
  ['s3://bucket/prefix', 's3:'],
  ['sftp://host/x', 'sftp:'],
  ['file://host/share', 'host "host"'],
  ['file://relative', 'host "relative"'],
  ['file://', 'names the host'],
  ['file:', 'names no folder'],
  ['', 'names no folder'],
  ['  ', 'names no folder'],
  ['file:///a%2', 'has a %'],
  ['a\0b', 'zero byte'],
  ['file:///a%00b', 'zero byte'],
  ['~/backups', 'only a shell expands'],
  ['file:~/backups', 'only a shell expands'],
  ['backups:etcd', 'backups:'],
])('%j is a usage error that says why', (text, reason) => {
  const error = expect.objectContaining({ code: 'usage', hint: expect.stringMatching(/./) });
  expect(() => parseLocation(text)).toThrow(error);
  expect(() => parseLocation(text)).toThrow(reason);
});

test('a store keeps the location that a person wrote', async () => {
  const { signal } = new AbortController();
  await using store = await openStore('file:./somewhere', { signal });
  expect(store.location).toBe('file:./somewhere');
  await expect(openStore('s3://bucket', { signal })).rejects.toMatchObject({ code: 'usage' });
});
