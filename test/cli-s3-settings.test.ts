/** What a person says about an S3 server, from flag or variable to what the store is opened with. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { storeSettings } from '../src/cli/job-settings.ts';
import { storeOptions } from '../src/cli/options.ts';
import { resolve } from '../src/cli/resolve.ts';
import { defaultS3Settings } from '../src/store/s3-settings.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const settings = (flags: Record<string, string[]>, env: NodeJS.ProcessEnv = {}) => {
  const given = { flags: new Map(Object.entries({ store: ['s3://bucket/x'], ...flags })), env, config: null };
  const { values, sources } = resolve(storeOptions, given);
  return storeSettings(values, sources).s3;
};

test('without a word everything is left to AWS and to the server', () => {
  expect(settings({})).toEqual(defaultS3Settings);
});

test("AWS's variables mean what they mean there, and flags go before them", () => {
  const env = {
    AWS_ENDPOINT_URL: 'https://a.example',
    AWS_ENDPOINT_URL_S3: 'https://s3.example:9000',
    AWS_DEFAULT_REGION: 'us-west-1',
    AWS_REGION: 'eu-west-1',
    AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_SUPPORTED',
  };
  const expected = { endpoint: 'https://s3.example:9000', region: 'eu-west-1', checksums: 'when_supported' };
  expect(settings({}, env)).toMatchObject(expected);
  const flags = {
    's3-endpoint': ['http://b.example'],
    's3-region': ['r'],
    's3-checksums': ['when_required'],
  };
  expect(settings(flags, env)).toMatchObject({
    endpoint: 'http://b.example',
    region: 'r',
    checksums: 'when_required',
  });
  expect(settings({}, { SNAPBACK_S3_PATH_STYLE: 'false' })).toMatchObject({ pathStyle: false });
});

test('files of the settings are read only where the store is a bucket', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'ca.crt');
  expect(settings({ store: ['./x'] }, { AWS_CA_BUNDLE: file })).toBeNull();
  expect(() => settings({}, { AWS_CA_BUNDLE: file })).toThrow(
    expect.objectContaining({ code: 'usage', reason: 'is not there' }),
  );
  await writeFile(file, 'PEM');
  expect(settings({}, { AWS_CA_BUNDLE: file })).toMatchObject({ ca: 'PEM' });
});

test('a lock, tags and the storage class', () => {
  const lock = (text: string) => settings({ 's3-object-lock': [text] })?.objectLock;
  expect(lock('governance:30d')).toEqual({ mode: 'governance', milliseconds: 30 * 86_400_000 });
  expect(lock('compliance:1w')).toEqual({ mode: 'compliance', milliseconds: 7 * 86_400_000 });
  expect(lock('legal-hold')).toEqual({ mode: 'legal-hold' });
  const flags = { 's3-tag': ['team=etcd', 'note=a=b'], 's3-storage-class': ['STANDARD_IA'] };
  expect(settings(flags)).toMatchObject({
    tags: { team: 'etcd', note: 'a=b' },
    storageClass: 'STANDARD_IA',
  });
});

test('encryption by the server', async () => {
  await using folder = await temporaryFolder();
  const [raw, text, short] = ['raw', 'text', 'short'].map(name => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  const key = Buffer.alloc(32, 0xe5);
  await writeFile(raw, key);
  await writeFile(text, `${key.toString('base64')}\n`);
  await writeFile(short, 'too short');
  const of = (flags: Record<string, string[]>) => settings(flags)?.encryption;
  expect(of({ 's3-sse': ['AES256'] })).toEqual({ kind: 'AES256' });
  expect(of({ 's3-sse': ['aws:kms'] })).toEqual({ kind: 'aws:kms', keyId: null });
  expect(of({ 's3-sse-kms-key-id': ['alias/x'] })).toEqual({ kind: 'aws:kms', keyId: 'alias/x' });
  for (const file of [raw, text]) {
    const found = of({ 's3-sse-c-key-file': [file] });
    expect(found?.kind === 'customer' && found.key.reveal()).toBe(key.toString('base64'));
    expect(JSON.stringify(found)).not.toContain(key.toString('base64'));
  }
  expect(() => of({ 's3-sse-c-key-file': [short] })).toThrow('holds neither 32 bytes');
});

test.each([
  [{ 's3-endpoint': ['minio:9000'] }, 'is not the address of a server'],
  [{ 's3-endpoint': ['ftp://x'] }, 'is not the address of a server'],
  [{ 's3-endpoint': ['https://key:hunter2@minio'] }, 'holds credentials'],
  [{ 's3-object-lock': ['governance'] }, 'is not governance:30d'],
  [{ 's3-object-lock': ['governance:soon'] }, 'is not a duration'],
  [{ 's3-tag': ['team'] }, 'has no name and value'],
  [{ 's3-sse': ['aes'] }, 'is not one of'],
  [{ 's3-sse': ['AES256'], 's3-sse-kms-key-id': ['x'] }, 'contradicts'],
  [{ 's3-sse': ['AES256'], 's3-sse-c-key-file': ['x'] }, 'contradicts'],
  [{ 's3-checksums': ['always'] }, 'is neither'],
])('%j is refused in words', (flags, reason) => {
  const error = expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('hunter2') });
  expect(() => settings(flags as never)).toThrow(error);
  expect(() => settings(flags as never)).toThrow(reason);
});
