/** The options of a store in an S3 bucket; those that AWS has a variable for take that too. */
import type { ObjectLock } from '../job/settings.ts';
import { choiceOption, listOption, switchOption, textOption, toMilliseconds, wordOption } from './option.ts';

const toChecksums = (text: string): 'when_required' | 'when_supported' => {
  const word = text.toLowerCase();
  if (word === 'when_required' || word === 'when_supported') return word;
  throw new Error('is neither when_required nor when_supported');
};

const toObjectLock = (text: string): ObjectLock => {
  if (text === 'legal-hold') return { mode: 'legal-hold' };
  const [, mode, period = ''] = /^(governance|compliance):(.+)$/.exec(text) ?? [];
  if (mode === 'governance' || mode === 'compliance') return { mode, milliseconds: toMilliseconds(period) };
  throw new Error('is not governance:30d, compliance:30d (or another period), or legal-hold');
};

export const s3Options = {
  s3Endpoint: textOption({
    flag: 's3-endpoint',
    value: 'URL',
    help: 'the S3 server, such as https://minio.example:9000 (default: AWS)',
    env: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
    fallback: null,
  }),
  s3Region: textOption({
    flag: 's3-region',
    value: 'REGION',
    help: "the bucket's region (default: that of the AWS profile, else us-east-1)",
    env: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
    fallback: null,
  }),
  s3PathStyle: switchOption({
    flag: 's3-path-style',
    help: 'the bucket in the path, not in the host name (default with --s3-endpoint; --s3-path-style=false for the host name)',
    fallback: null,
  }),
  s3Ca: textOption({
    flag: 's3-ca',
    value: 'FILE',
    help: 'CA certificates that the S3 server must be signed by (PEM)',
    env: ['AWS_CA_BUNDLE'],
    fallback: null,
  }),
  s3Sse: choiceOption({
    flag: 's3-sse',
    choices: ['none', 'AES256', 'aws:kms'] as const,
    help: 'encryption by the S3 server: with its own keys, or with its key service (default: none asked for)',
    fallback: 'none',
  }),
  s3SseKmsKeyId: textOption({
    flag: 's3-sse-kms-key-id',
    value: 'KEY',
    help: 'key of the key service; means --s3-sse aws:kms',
    fallback: null,
  }),
  s3SseCKeyFile: textOption({
    flag: 's3-sse-c-key-file',
    value: 'FILE',
    help: 'key that the S3 server encrypts with and does not keep: 32 bytes, or them in base64',
    fallback: null,
  }),
  s3ObjectLock: wordOption<ObjectLock, null>({
    flag: 's3-object-lock',
    value: 'MODE:PERIOD',
    help: 'lock what is written of a snapshot: governance:30d, compliance:30d or legal-hold',
    parse: toObjectLock,
    fallback: null,
  }),
  s3StorageClass: textOption({
    flag: 's3-storage-class',
    value: 'CLASS',
    help: 'such as STANDARD_IA (default: the one of the bucket)',
    fallback: null,
  }),
  s3Tag: listOption({
    flag: 's3-tag',
    value: 'NAME=VALUE',
    help: 'set on every object that is written; may be repeated',
    fallback: [],
  }),
  s3Checksums: wordOption<'when_required' | 'when_supported', null>({
    flag: 's3-checksums',
    value: 'when_required|when_supported',
    help: 'newer checksums with each request (default: when_required with --s3-endpoint, else when_supported)',
    env: ['AWS_REQUEST_CHECKSUM_CALCULATION'],
    parse: toChecksums,
    fallback: null,
  }),
};
