import { expect, test } from 'vitest';
import type { SnapbackError } from '../src/errors.ts';
import { checkDistinct } from '../src/job/other-store.ts';
import { silentLog } from '../src/log.ts';
import { objectAddress } from '../src/object-address.ts';
import { mendLocation, parseLocation } from '../src/store/location.ts';
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
  ['s3://bucket/a#b', 'prefix'],
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
  expect(parseLocation(text)).toEqual({ kind: 's3', bucket, prefix, own: {} });
});

test.each([
  ['s3://bucket?region=x', { region: 'x' }],
  ['s3://bucket/?path-style=false', { pathStyle: false }],
  ['s3://bucket/a/?profile=me@work', { profile: 'me@work' }],
  ['s3://bucket/a?ca=/etc/my%20ca+1.crt', { ca: '/etc/my ca+1.crt' }],
  [
    's3://bucket/a?endpoint=https://minio:9000&region=eu-west-1&path-style=true&ca=./a=b.crt&profile=%F0%9F%AA%A3',
    { endpoint: 'https://minio:9000', region: 'eu-west-1', pathStyle: true, ca: './a=b.crt', profile: '🪣' },
  ],
])('%s brings settings of its server', (text, own) => {
  expect(parseLocation(text)).toMatchObject({ kind: 's3', bucket: 'bucket', own });
});

test.each([
  ['s3://bucket/a?', 'without a setting'],
  ['s3://bucket/a?region=x&', 'without a setting'],
  ['s3://bucket/a?reigon=hunter2', '"reigon" (did you mean region?)'],
  ['s3://bucket/a?s3-endpoint=hunter2', '"s3-endpoint" (did you mean endpoint?)'],
  ['s3://bucket/a?secret-access-key=hunter2', 'unknown setting "secret-access-key"; Known'],
  ['s3://bucket/a?__proto__=hunter2', 'unknown setting "__proto__"'],
  ['s3://bucket/a?Region=x', 'unknown setting "Region"'],
  ['s3://bucket/a?region=x&profile=y&region=x', 'region more than once'],
  ['s3://bucket/a?region=', 'region that is empty'],
  ['s3://bucket/a?profile', 'profile that is empty'],
  ['s3://bucket/a?path-style=maybe', 'path-style that is neither true nor false'],
  ['s3://bucket/a?endpoint=minio:9000', 'endpoint that is not the address of a server'],
  ['s3://bucket/a?endpoint=https://key:hunter2@minio', 'endpoint that holds credentials'],
  ['s3://key:hunter2@bucket/a?region=x', 'holds credentials'],
  ['s3://bucket/a?ca=%2', 'ca that has a % that'],
  ['s3://bucket/a?region=a%0Ab', 'region that has a control character'],
])('%s is a usage error that says why and quotes no value', (text, reason) => {
  const said = (): string => {
    try {
      return `${parseLocation(text).kind} was taken`;
    } catch (error) {
      const { code, message, hint } = error as SnapbackError;
      return `${code}: ${message}; ${hint}`;
    }
  };
  expect(said()).toMatch(/^usage: .*(Known are endpoint, region, path-style, ca, profile|by a profile)/);
  expect(said()).toContain(reason);
  expect(said()).not.toContain('hunter2');
});

test('a password in a location is not quoted', () => {
  const error = expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('hunter2') });
  expect(() => parseLocation('s3://key:hunter2@bucket/x')).toThrow(error);
});

test('a store keeps the location that a person wrote', async () => {
  const { signal } = new AbortController();
  for (const location of ['file:./somewhere', 's3://bucket/prefix', 's3://bucket/prefix/?region=x']) {
    await using store = await openStore({ store: location, s3: null }, { signal, log: silentLog });
    expect(store.location).toBe(location);
  }
  const wrong = openStore({ store: 'sftp://host/x', s3: null }, { signal, log: silentLog });
  await expect(wrong).rejects.toMatchObject({ code: 'usage' });
});

test('an object of a store is named before the settings of the location', () => {
  expect(objectAddress('s3://bucket/a/?region=x', 'prod/b')).toBe('s3://bucket/a/prod/b?region=x');
  expect(objectAddress('./what?', 'prod/b')).toBe('./what?/prod/b');
});

test('two locations are one place wherever only region, path style or authority differ', () => {
  const check =
    (...locations: string[]) =>
    () =>
      checkDistinct('--also', locations);
  expect(check('s3://b1/a', 's3://b1/a/?region=x')).toThrow('names a store that is named already');
  expect(check('s3://b1/a?profile=x', 's3://b1/a?ca=y&profile=x')).toThrow('is named already');
  check('s3://b1/a', 's3://b1/a?profile=x', 's3://b1/a?endpoint=http://x', 's3://b1/b')();
});

test('what mends a setting of a location stands in the location', () => {
  const mends = { 's3-endpoint': 'http://x:9000', 's3-region': 'eu-west-1' };
  expect(mendLocation('s3://bucket/a', mends)).toEqual(mends);
  expect(mendLocation('./what?endpoint=x', mends)).toEqual(mends);
  expect(mendLocation('s3://bucket/a?profile=p&endpoint=https://x:9000', mends)).toEqual({
    store: 's3://bucket/a?profile=p&endpoint=http://x:9000',
    's3-region': 'eu-west-1',
  });
});
