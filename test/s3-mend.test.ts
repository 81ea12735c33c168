/** Which settings are worth a try, by what a server or the way to it answered. */
import { expect, test } from 'vitest';
import { SnapbackError } from '../src/errors.ts';
import { flagsOf, isAnswer, mendsOf, mendsOfWrite, type Used } from '../src/store/s3-mend.ts';

const used: Used = {
  bucket: 'backups',
  endpoint: 'https://s3.example:9000',
  region: 'us-east-1',
  pathStyle: true,
  customerKey: false,
};

/** As the store gives it: with the SDK's own error below. */
const failure = (fields: object, status?: number): SnapbackError =>
  new SnapbackError('store', {
    operation: 'list the store',
    object: 's3://backups',
    reason: 'cannot be used',
    cause: Object.assign(new Error('said by the server'), fields, {
      $metadata: { httpStatusCode: status },
    }),
  });

test.each([
  ['a field of the answer', { name: 'AuthorizationHeaderMalformed', Region: 'eu-central-1' }],
  [
    'a header',
    { name: 'PermanentRedirect', $response: { headers: { 'x-amz-bucket-region': 'eu-central-1' } } },
  ],
  ['the message', { name: 'X', message: "the region 'us-east-1' is wrong; expecting 'eu-central-1'" }],
])('the region is taken out of %s', (_, fields) => {
  expect(mendsOf(failure(fields, 400), { ...used, pathStyle: true })[0]).toEqual({ region: 'eu-central-1' });
  expect(mendsOf(failure(fields, 400), { ...used, region: 'eu-central-1' })).not.toContainEqual({
    region: 'eu-central-1',
  });
});

test('the other scheme is tried where the answer is none of this one, and never where a key would be seen', () => {
  const noTls = failure({ code: 'EPROTO' });
  expect(mendsOf(noTls, used)).toEqual([{ endpoint: 'http://s3.example:9000' }]);
  expect(mendsOf(noTls, { ...used, customerKey: true })).toEqual([]);
  const plain = { ...used, endpoint: 'http://s3.example:9000' };
  for (const strange of [failure({ code: 'ECONNRESET' }), failure({ name: 'SyntaxError' }, 400)])
    expect(mendsOf(strange, plain)).toEqual([{ endpoint: 'https://s3.example:9000' }]);
});

test('the bucket is taken out of the address of the server', () => {
  const missing = failure({ name: 'NoSuchKey' }, 404);
  const inHost = { ...used, endpoint: 'https://backups.s3.example' };
  expect(mendsOf(missing, inHost)[0]).toEqual({ endpoint: 'https://s3.example' });
  const inPath = { ...used, endpoint: 'https://s3.example/backups/' };
  expect(mendsOf(missing, inPath)[0]).toEqual({ endpoint: 'https://s3.example' });
});

test('the bucket is looked for in the path, and in the host name where that can have one', () => {
  const unknown = failure({ code: 'ENOTFOUND' });
  expect(mendsOf(unknown, { ...used, pathStyle: false })).toEqual([{ pathStyle: true }]);
  expect(mendsOf(unknown, used)).toEqual([]);
  const missing = failure({ name: 'NoSuchBucket' }, 404);
  expect(mendsOf(missing, used)).toEqual([{ pathStyle: false }]);
  for (const endpoint of ['http://127.0.0.1:9000', 'http://[::1]:9000', 'http://minio:9000'])
    expect(mendsOf(missing, { ...used, endpoint })).toEqual([]);
});

test('nothing is tried where no setting can help', () => {
  for (const name of ['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch'])
    expect(mendsOf(failure({ name }, 403), used)).toEqual([]);
  expect(mendsOf(failure({ code: 'ECONNREFUSED' }), used)).toEqual([]);
  expect(mendsOfWrite(failure({ name: 'AccessDenied' }, 403), 'when_required')).toEqual([]);
  expect(mendsOfWrite(failure({ name: 'NotImplemented' }, 501), 'when_supported')).toEqual([
    { checksums: 'when_required' },
  ]);
});

test('the server was seen in its answer and in its certificate, and not in a page of another program', () => {
  expect(isAnswer(failure({ name: 'InvalidAccessKeyId' }, 403))).toBe(true);
  expect(isAnswer(failure({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }))).toBe(true);
  expect(isAnswer(failure({ code: 'ECONNREFUSED' }))).toBe(false);
  expect(isAnswer(failure({ name: 'SyntaxError' }, 400))).toBe(false);
});

test('settings are told as they are typed', () => {
  const mend = { endpoint: 'https://s3.example', region: 'auto', pathStyle: false };
  expect(flagsOf(mend, 's3://b/p')).toBe(
    '--s3-endpoint https://s3.example --s3-region auto --s3-path-style=false',
  );
  expect(flagsOf({ pathStyle: true, checksums: 'when_required' }, 's3://b/p')).toBe(
    '--s3-path-style --s3-checksums when_required',
  );
  expect(flagsOf({ ...mend, checksums: 'when_required' }, 's3://b/p?region=x')).toBe(
    '--s3-checksums when_required and endpoint=https://s3.example&region=auto&path-style=false behind the ? of the location',
  );
});
