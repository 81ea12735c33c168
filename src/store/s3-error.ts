/** What an S3 server, or the way to it, answers, in a person's words. */
import { from, isSnapbackError, messageOf, SnapbackError } from '../errors.ts';
import type { S3Settings } from './s3-settings.ts';

export type About = {
  /** What was tried, as an infinitive phrase. */
  operation: string;
  /** On what: an address below the location of the store. */
  object: string;
  /** The right that it needs, as AWS calls it: `s3:PutObject`. */
  right: string;
};

type Place = { bucket: string; location: string; settings: S3Settings };
type Words = { reason: string; hint?: string };

/** The status of the answer to a failed request; null where no answer came. */
export const statusOf = (error: unknown): number | null => {
  const { $metadata } = foreign(error) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode ?? null;
};

/** The server's own code for a failure, such as `NoSuchKey`; empty where there is none, as in answers to HEAD. */
export const codeOf = (error: unknown): string => {
  const { name, Code } = foreign(error) as { name?: string; Code?: string };
  const code = Code ?? name ?? '';
  return code === 'Unknown' || code === 'UnknownError' || code === 'Error' ? '' : code;
};

/** True where the server says that it does not know what it was asked for. */
export const isNotImplemented = (error: unknown): boolean =>
  statusOf(error) === 501 || codeOf(error) === 'NotImplemented';

/**
 * The error of the program for one of the SDK's: `not-found` for an object that is not there, else `store`. An error
 * of the program passes unchanged.
 */
export const s3Error = (error: unknown, about: About, place: Place): SnapbackError => {
  if (isSnapbackError(error)) return error;
  const { operation } = about;
  if (codeOf(error) === 'NoSuchKey' || (statusOf(error) === 404 && ['NotFound', ''].includes(codeOf(error))))
    return new SnapbackError('not-found', {
      operation,
      object: about.object,
      reason: 'is not there',
      cause: error,
    });
  return from(error, 'store', { operation, object: about.object, ...explain(error, about, place) });
};

const explain = (error: unknown, about: About, place: Place): Words => {
  const code = codeOf(error);
  const status = statusOf(error);
  const words = byCode[code] ?? (status === null ? undefined : byStatus[status]) ?? onTheWay(error, place);
  if (words) {
    const { reason, hint } = typeof words === 'function' ? words(about, place) : words;
    return { reason: `${reason}${said(error, code, status)}`, hint };
  }
  return {
    reason: `cannot be used${said(error, code, status)}`,
    hint:
      status !== null && status >= 500
        ? 'The server is in trouble; try again later.'
        : "Look at the server's own log.",
  };
};

// The server's own words, so that they can be searched for.
const said = (error: unknown, code: string, status: number | null): string => {
  const message = messageOf(foreign(error));
  const text = message === code || /^UnknownError|^Unknown$/.test(message) ? '' : message;
  const answer = [status, code].filter(Boolean).join(' ');
  return ` (${[answer, text.slice(0, 300)].filter(Boolean).join(': ') || 'no answer'})`;
};

const wrongRegion = (_: About, { settings }: Place): Words => ({
  reason: 'is in another region than the one that was asked',
  hint: `Name its region with --s3-region${settings.region ? ` (it is ${settings.region} now)` : ''} or AWS_REGION.`,
});
const denied = ({ right }: About): Words => ({
  reason: 'may not be used with these credentials',
  hint: `They need the right ${right} there; a bucket policy, a missing encryption header or a lock can refuse it too.`,
});
const wrongKey: Words = {
  reason: 'cannot be used: the server does not know these credentials',
  hint: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and that they belong to this server.',
};
const expired: Words = {
  reason: 'cannot be used: the server refuses the session token of these credentials',
  hint: 'Get new ones, such as by `aws sso login`, or remove an old AWS_SESSION_TOKEN.',
};
const busy: Words = {
  reason: 'cannot be used: the server asks for fewer requests, also after several tries',
  hint: 'Try again later.',
};
const full: Words = { reason: 'is full', hint: 'Make room there, or choose another store with --store.' };
const unknownKey: Words = {
  reason: 'cannot be used: the server cannot use the key of its key service',
  hint: 'Check --s3-sse-kms-key-id, that the key is enabled, and that these credentials may use it.',
};

const byCode: Record<string, Words | ((about: About, place: Place) => Words)> = {
  NoSuchBucket: (_, { bucket }) => ({
    reason: `cannot be used: there is no bucket ${bucket}`,
    hint: 'Check the name after s3:// and the endpoint (--s3-endpoint), or make the bucket first.',
  }),
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  AccessDenied: denied,
  AllAccessDisabled: denied,
  InvalidAccessKeyId: wrongKey,
  SignatureDoesNotMatch: wrongKey,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  InvalidToken: expired,
  TokenRefreshRequired: expired,
  CredentialsProviderError: {
    reason: 'cannot be used: no credentials were found',
    hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role gives them.',
  },
  RequestTimeTooSkewed: {
    reason: 'cannot be used: the clocks here and there differ too much',
    hint: 'Set the clock of this machine (or of the server) right.',
  },
  SlowDown: busy,
  ServiceUnavailable: busy,
  TooManyRequests: busy,
  QuotaExceeded: full,
  XMinioStorageFull: full,
  InvalidStorageClass: {
    reason: 'cannot be written: the server does not know the storage class',
    hint: 'Give one with --s3-storage-class that this server has, or leave it out.',
  },
  'KMS.NotFoundException': unknownKey,
  'KMS.DisabledException': unknownKey,
  KMSNotConfigured: {
    reason: 'cannot be used: the server has no key service',
    hint: 'Leave --s3-sse aws:kms out, or set the server up.',
  },
  NotImplemented: {
    reason: 'cannot be used: the server does not know what it was asked for',
    hint: 'Checksums of new kinds are the usual reason: --s3-checksums when_required.',
  },
  InvalidLocation: { reason: 'has a name that is no bucket name', hint: 'Check the name after s3://.' },
  InvalidBucketName: { reason: 'has a name that is no bucket name', hint: 'Check the name after s3://.' },
};

// Answers to HEAD have no body and so no code.
const byStatus: Record<number, Words | ((about: About, place: Place) => Words)> = {
  301: wrongRegion,
  403: denied,
  429: busy,
  503: busy,
  507: full,
};

/** No answer, or none of an S3 server. */
const onTheWay = (error: unknown, { settings }: Place): Words | undefined => {
  const { code = '', name = '' } = foreign(error) as { code?: string; name?: string };
  const where = settings.endpoint ? ` at ${settings.endpoint}` : '';
  if (name === 'SyntaxError' || /Deserialization error/.test(messageOf(foreign(error))))
    return {
      reason: `does not answer as an S3 server does${where}`,
      hint: 'Check the endpoint and its port: a console or a proxy may be there.',
    };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      reason: `has a certificate for another name${where}`,
      hint: 'Name it by a host name of its certificate; --s3-path-style keeps the bucket out of that name.',
    };
  if (code === 'CERT_HAS_EXPIRED')
    return { reason: `has an expired certificate${where}`, hint: 'Renew it on the server.' };
  if (/CERT|ISSUER|SIGNATURE|SELF_SIGNED/.test(code))
    return {
      reason: `has a certificate of an unknown authority${where}`,
      hint: 'Give the certificate of its authority with --s3-ca FILE (or AWS_CA_BUNDLE).',
    };
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return { reason: `cannot be reached over TLS${where}`, hint: 'Check http:// or https:// and the port.' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return {
      reason: `cannot be reached: its host name is unknown${where}`,
      hint: 'Check --s3-endpoint and --s3-region; a server of your own mostly needs --s3-path-style.',
    };
  if (name === 'TimeoutError' || /^E[A-Z]+$/.test(code))
    return {
      reason: `does not answer${where}`,
      hint: 'Check --s3-endpoint, the network and a proxy in HTTPS_PROXY; a retry may help.',
    };
  return undefined;
};

const foreign = (error: unknown): object => {
  const inner = isSnapbackError(error) ? error.cause : error;
  return typeof inner === 'object' && inner !== null ? inner : {};
};
