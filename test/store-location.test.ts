import { expect, test } from 'vitest';
import { silentLog } from '../src/log.ts';
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
  ['s3:', 'names no bucket'],
  ['s3://', 'names no bucket'],
  ['s3:///prefix', 'names no bucket'],
  ['s3://my bucket/x', 'no bucket is called'],
  ['s3://bucket:9000/x', 'no bucket is called'],
  ['s3://bucket//x', 'prefix'],
  ['s3://bucket/a/../b', 'prefix'],
  ['s3://bucket/a?region=x', 'prefix'],
  ['s3://bucket/a\nb', 'prefix'],
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

test.each([
  ['s3://bucket', 'bucket', ''],
  ['s3://bucket/', 'bucket', ''],
  ['S3://my.bucket-1/etcd', 'my.bucket-1', 'etcd'],
  ['s3://bucket/a/b c/100%/', 'bucket', 'a/b c/100%'],
])('%s is the bucket %s with the prefix "%s"', (text, bucket, prefix) => {
  expect(parseLocation(text)).toEqual({ kind: 's3', bucket, prefix });
});

test('a password in a location is not quoted', () => {
  const error = expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('hunter2') });
  expect(() => parseLocation('s3://key:hunter2@bucket/x')).toThrow(error);
});

test('a store keeps the location that a person wrote', async () => {
  const { signal } = new AbortController();
  for (const location of ['file:./somewhere', 's3://bucket/prefix']) {
    await using store = await openStore({ store: location, s3: null }, { signal, log: silentLog });
    expect(store.location).toBe(location);
  }
  const wrong = openStore({ store: 'sftp://host/x', s3: null }, { signal, log: silentLog });
  await expect(wrong).rejects.toMatchObject({ code: 'usage' });
});
