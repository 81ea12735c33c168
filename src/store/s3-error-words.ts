/** What the codes and statuses of S3 servers, and the errors of the way to them, mean to a person. */
import type { S3Settings } from './s3-settings.ts';

export type Place = {
  bucket: string;
  /** The location as a person wrote it, which may hold settings. */
  written: string;
  settings: S3Settings;
  /** The right that was needed. */
  right: string;
};

/** The reason reads on from the address of what was asked for. */
export type Words = { reason: string; hint?: string };

export type Answer = {
  /** The server's code and status; empty and null where there was no answer, or none with a body. */
  code: string;
  status: number | null;
  /** Code of Node's, name and text of the error. */
  cause: string;
  name: string;
  message: string;
};

/** Undefined for what is known to nobody here. */
export const wordsFor = (answer: Answer, place: Place): Words | undefined => {
  const { code, status, message } = answer;
  const entry =
    byMessage.find(([text]) => text.test(message))?.[1] ??
    byCode[code] ??
    (status === null ? undefined : byStatus[status]) ??
    onTheWay(answer, place);
  const words = typeof entry === 'function' ? entry(place) : entry;
  return words?.hint === undefined ? words : { ...words, hint: whereItStands(words.hint, place.written) };
};

/** Where a location has settings of its own they outweigh the options, so that a person has to change them there. */
const whereItStands = (hint: string, written: string): string => {
  if (!written.includes('?')) return hint;
  const there = hint.replaceAll(
    /--s3-(endpoint|region|path-style|ca)( FILE)?/g,
    (_, name, file) => `${name}=${file ? 'FILE' : name === 'path-style' ? 'true' : ''}`,
  );
  return there === hint ? hint : `${there} (That stands behind the ? of the location.)`;
};

type Entry = Words | ((place: Place) => Words);

const wrongRegion = ({ settings }: Place): Words => ({
  reason: 'is in another region than the one that was asked',
  hint: `Name its region with --s3-region${settings.region ? ` (it is ${settings.region} now)` : ''} or AWS_REGION.`,
});
const denied = ({ right }: Place): Words => ({
  reason: 'may not be used with these credentials',
  hint:
    right === 's3:ListBucket'
      ? `They need the right ${right} there. Is it your bucket? Check the name after s3://, and whose credentials these are.`
      : `They need the right ${right} there; a bucket policy, a missing encryption header or a lock can refuse it too.`,
});
const wrongKey = ({ settings: { profile } }: Place): Words => ({
  reason: 'cannot be used: the server does not know these credentials',
  hint: `Check ${profile === null ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE' : `those of the profile ${profile}`}, and that they belong to this server.`,
});
const noKey = ({ settings: { profile } }: Place): Words =>
  profile === null
    ? {
        reason: 'cannot be used: no credentials were found',
        hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role gives them.',
      }
    : {
        reason: `cannot be used: the profile ${profile} gives no credentials`,
        hint: 'Put keys, a role or a session into it, in ~/.aws/credentials or ~/.aws/config.',
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

const byCode: Record<string, Entry> = {
  NoSuchBucket: ({ bucket }) => ({
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
  InvalidTokenId: expired,
  TokenRefreshRequired: expired,
  CredentialsProviderError: noKey,
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
const byStatus: Record<number, Entry> = {
  301: wrongRegion,
  403: denied,
  429: busy,
  503: busy,
  507: full,
};

// Codes that stand for many things.
const byMessage: [RegExp, Words][] = [
  [
    /Server Side Encryption|encryption parameters/i,
    {
      reason: 'cannot be read without the key that it was encrypted with on the server',
      hint: 'Give the file with that key: --s3-sse-c-key-file.',
    },
  ],
  [
    /retain until date must be in the future/i,
    {
      reason: 'cannot be locked: by the clock of the server the end of the lock is past already',
      hint: 'Set the clock of this machine right, or give --s3-object-lock a longer period.',
    },
  ],
  [
    /missing Object ?Lock ?Configuration/i,
    {
      reason: 'cannot be written with a lock: the bucket has no object lock',
      hint: 'Make a bucket with object lock, or leave --s3-object-lock out.',
    },
  ],
];

/** No answer, or none of an S3 server. */
const onTheWay = ({ cause: code, name, message }: Answer, { settings }: Place): Words | undefined => {
  const where = settings.endpoint ? ` at ${settings.endpoint}` : '';
  if (name === 'SyntaxError' || /Deserialization error/.test(message))
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
