/** Which other settings may mend what an S3 server, or the way to it, answered. Pure: nothing is asked. */
import { isIP } from 'node:net';
import { messageOf } from '../errors.ts';
import { codeOf, statusOf } from './s3-error.ts';
import type { S3Settings } from './s3-settings.ts';

export type Mend = Partial<Pick<S3Settings, 'endpoint' | 'region' | 'pathStyle' | 'checksums'>>;

/** What was in use when it failed, with what AWS's own rules said where the settings left it open. */
export type Used = {
  bucket: string;
  endpoint: string | null;
  region: string;
  pathStyle: boolean;
  /** True where a key goes with each request, which must not be seen on the way. */
  customerKey: boolean;
};

/** For a failure to reach the bucket; the likeliest first, none where no setting can help. */
export const mendsOf = (error: unknown, used: Used): Mend[] => [
  ...ofRegion(error, used),
  ...ofScheme(error, used),
  ...ofBucketInEndpoint(used),
  ...ofPathStyle(error, used),
];

/** For a write that was refused though the bucket can be reached: checksums of the other kind. */
export const mendsOfWrite = (error: unknown, checksums: S3Settings['checksums']): Mend[] =>
  [400, 403, 411, 501].includes(statusOf(error) ?? 0) && codeOf(error) !== 'AccessDenied'
    ? [{ checksums: checksums === 'when_required' ? 'when_supported' : 'when_required' }]
    : [];

/** A mend as options, by their long flag. */
export const optionsOf = ({ endpoint, region, pathStyle, checksums }: Mend): Record<string, string> => ({
  ...(endpoint ? { 's3-endpoint': endpoint } : {}),
  ...(region ? { 's3-region': region } : {}),
  ...(pathStyle === undefined ? {} : { 's3-path-style': String(pathStyle) }),
  ...(checksums ? { 's3-checksums': checksums } : {}),
});

/** The same as a person types them: a location with settings of its own, which outweigh the options, takes them itself. */
export const flagsOf = (mend: Mend, written: string): string => {
  const [inLocation, flags]: [string[], string[]] = [[], []];
  for (const [flag, value] of Object.entries(optionsOf(mend)))
    if (written.includes('?') && flag !== 's3-checksums') inLocation.push(`${flag.slice(3)}=${value}`);
    else flags.push(`--${flag}${value === 'true' ? '' : `${value === 'false' ? '=' : ' '}${value}`}`);
  const there = inLocation.length > 0 ? `${inLocation.join('&')} behind the ? of the location` : '';
  return [flags.join(' '), there].filter(Boolean).join(' and ');
};

/** True where nothing between here and the server is in the way: it, or its certificate, has been seen. */
export const isAnswer = (error: unknown): boolean =>
  (statusOf(error) !== null && codeOf(error) !== '' && !isUnreadable(error)) ||
  isCertificate(nodeCode(error));

/** Servers name their region in the message, in a field of the answer, or in a header. */
const ofRegion = (error: unknown, used: Used): Mend[] => {
  const { Region, $response } = cause(error) as {
    Region?: unknown;
    $response?: { headers?: Record<string, string> };
  };
  const said = /expecting ['"‘]?([a-z0-9-]+)/i.exec(messageOf(cause(error)))?.[1];
  const region = [Region, $response?.headers?.['x-amz-bucket-region'], said].find(
    one => typeof one === 'string' && /^[a-z0-9-]+$/.test(one),
  );
  return typeof region === 'string' && region !== used.region ? [{ region }] : [];
};

const ofScheme = (error: unknown, { endpoint, customerKey }: Used): Mend[] => {
  if (endpoint === null || customerKey) return [];
  const [code, text] = [nodeCode(error), messageOf(cause(error))];
  if (/^https:/i.test(endpoint))
    return code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('HPE_')
      ? [{ endpoint: endpoint.replace(/^https:/i, 'http:') }]
      : [];
  const strange =
    ['ECONNRESET', 'EPIPE'].includes(code) ||
    code.startsWith('HPE_') ||
    (statusOf(error) === 400 && codeOf(error) === '') ||
    /socket hang up|HTTPS server/i.test(text) ||
    isUnreadable(error);
  return strange ? [{ endpoint: endpoint.replace(/^http:/i, 'https:') }] : [];
};

/** Consoles show addresses with the bucket, or with a path of their own, in them, and people copy those. */
const ofBucketInEndpoint = ({ endpoint, bucket }: Used): Mend[] => {
  if (endpoint === null) return [];
  const url = new URL(endpoint);
  const inHost = url.hostname.startsWith(`${bucket}.`);
  const inPath = url.pathname !== '/';
  if (!inHost && !inPath) return [];
  if (inHost) url.hostname = url.hostname.slice(bucket.length + 1);
  if (inPath) url.pathname = '/';
  return [{ endpoint: url.href.replace(/\/$/, '') }];
};

const ofPathStyle = (error: unknown, { endpoint, pathStyle }: Used): Mend[] => {
  const unknownHost = ['ENOTFOUND', 'EAI_AGAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'].includes(nodeCode(error));
  const elsewhere = ['NoSuchBucket', 'InvalidBucketName', 'PermanentRedirect', 'SecondLevelDomainForbidden'];
  const wrongPlace = elsewhere.includes(codeOf(error)) || [301, 404, 405].includes(statusOf(error) ?? 0);
  if (!pathStyle) return unknownHost || wrongPlace ? [{ pathStyle: true }] : [];
  // An address cannot have a bucket before it.
  const host = endpoint === null ? '' : new URL(endpoint).hostname.replaceAll(/[[\]]/g, '');
  return wrongPlace && isIP(host) === 0 && host.includes('.') ? [{ pathStyle: false }] : [];
};

/** An answer, and not one of an S3 server. */
const isUnreadable = (error: unknown): boolean =>
  codeOf(error) === 'SyntaxError' || /deserialization/i.test(messageOf(cause(error)));

const isCertificate = (code: string): boolean => /CERT|ISSUER|SIGNATURE|SELF_SIGNED/.test(code);

const nodeCode = (error: unknown): string => {
  const { code } = cause(error) as { code?: unknown };
  return typeof code === 'string' ? code : '';
};

/** The SDK's own error below ours. */
const cause = (error: unknown): object => {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return typeof inner === 'object' && inner !== null ? inner : {};
};
