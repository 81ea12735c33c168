/** From resolved options to the settings of an S3 server: the files among them read, contradictions refused. */
import { readFileSync } from 'node:fs';
import { SnapbackError } from '../errors.ts';
import type { S3Settings } from '../job/settings.ts';
import { readText, unreadable } from '../named-file.ts';
import { secret } from '../secret.ts';
import { holdsCredentials, toEndpoint } from '../setting-text.ts';
import type { Values } from './option.ts';
import type { s3Options } from './s3-options.ts';

type S3Values = Values<typeof s3Options> & { dialTimeout: number; idleTimeout: number };

/** Throws `usage`. */
export const s3Settings = (values: S3Values): S3Settings => ({
  endpoint: values.s3Endpoint === null ? null : checkEndpoint(values.s3Endpoint),
  region: values.s3Region,
  profile: null,
  pathStyle: values.s3PathStyle,
  ca: values.s3Ca === null ? null : readText(values.s3Ca, "the CA of the S3 server's certificate"),
  encryption: encryption(values),
  storageClass: values.s3StorageClass,
  tags: Object.fromEntries(values.s3Tag.map(toTag)),
  objectLock: values.s3ObjectLock,
  checksums: values.s3Checksums,
  dialTimeout: values.dialTimeout,
  idleTimeout: values.idleTimeout,
});

const checkEndpoint = (text: string): string => {
  try {
    return toEndpoint(text);
  } catch (error) {
    const { message } = error as Error;
    // Not quoted where it may hold a password.
    if (message === holdsCredentials)
      throw wrong('--s3-endpoint', message, 'Give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.');
    throw wrong(`--s3-endpoint ${JSON.stringify(text)}`, message, 'Write it as https://minio.example:9000.');
  }
};

const encryption = ({ s3Sse, s3SseKmsKeyId, s3SseCKeyFile }: S3Values): S3Settings['encryption'] => {
  if (s3SseCKeyFile !== null) {
    if (s3Sse === 'none' && s3SseKmsKeyId === null)
      return { kind: 'customer', key: secret(readKey(s3SseCKeyFile)) };
    throw wrong(
      '--s3-sse-c-key-file',
      'contradicts --s3-sse and --s3-sse-kms-key-id',
      'Leave out one of them.',
    );
  }
  if (s3SseKmsKeyId !== null && s3Sse === 'AES256')
    throw wrong('--s3-sse-kms-key-id', 'contradicts --s3-sse AES256', 'Leave out one of them.');
  if (s3Sse === 'aws:kms' || s3SseKmsKeyId !== null) return { kind: 'aws:kms', keyId: s3SseKmsKeyId };
  return s3Sse === 'none' ? null : { kind: s3Sse };
};

/** In base64, as the header wants it. */
const readKey = (file: string): string => {
  const bytes = readBytes(file);
  if (bytes.length === 32) return bytes.toString('base64');
  const decoded = Buffer.from(bytes.toString('latin1').trim(), 'base64');
  if (decoded.length === 32) return decoded.toString('base64');
  throw wrong(
    `--s3-sse-c-key-file ${file}`,
    'holds neither 32 bytes nor 32 bytes in base64',
    'Make one with `openssl rand -out FILE 32`, and keep it: nothing can be read without it.',
  );
};

const readBytes = (file: string): Buffer => {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(error, file, 'the key for the S3 server');
  }
};

const toTag = (text: string): [string, string] => {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw wrong(
    `--s3-tag ${JSON.stringify(text)}`,
    'has no name and value',
    'Write it as --s3-tag team=storage.',
  );
};

const wrong = (object: string, reason: string, hint: string): SnapbackError =>
  new SnapbackError('usage', { operation: 'read the options', object, reason, hint });
