/** A bucket to talk to: the SDK's client, set up for servers of every kind, and where in the bucket the store is. */
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { SnapbackError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type About, s3Error } from './s3-error.ts';
import { withProfile } from './s3-profile.ts';
import type { S3Settings } from './s3-settings.ts';
import { sendInSlices } from './s3-slices.ts';

export type Bucket = {
  client: S3Client;
  bucket: string;
  /** Empty, or ends in a slash. */
  prefix: string;
  /** As a person wrote it, with its settings. */
  written: string;
  /** Without them: what the addresses of objects begin with. */
  location: string;
  settings: S3Settings;
  log: Log;
  /** What this server was found not to know. */
  lacks: Set<'conditional writes' | 'listing of parts'>;
  /** How the bucket is set up; null until somebody asks. */
  setUp: { objectLock: Asked | null; versions: Asked | null };
};

/** A question of one for all, which ends with the signal of whoever asked it. */
export type Asked = { answer: Promise<boolean>; signal: AbortSignal };

/**
 * Opens nothing yet. Credentials come from AWS's own chain (environment, profile, SSO, web identity, container and
 * instance roles): loaded at the first request and renewed when they expire; with a
 * profile from that one. Throws `usage` where a proxy is set that this Node cannot use, and for an unknown profile.
 */
export const connect = async (
  place: Pick<Bucket, 'bucket' | 'prefix' | 'written' | 'location'>,
  given: S3Settings,
  log: Log,
): Promise<Bucket> => {
  const settings = await withProfile(given, place.written);
  const agent = { keepAlive: true, maxSockets: 64, proxyEnv: proxies() };
  const { endpoint, region } = await named(settings);
  const checksums = settings.checksums ?? (endpoint === null ? null : 'when_required');
  const client = new S3Client({
    ...(settings.endpoint ? { endpoint: settings.endpoint } : {}),
    ...(settings.profile ? { profile: settings.profile, ignoreConfiguredEndpointUrls: true } : {}),
    region,
    followRegionRedirects: endpoint === null,
    forcePathStyle: settings.pathStyle ?? endpoint !== null,
    // AWS_MAX_ATTEMPTS means what it means there.
    ...(process.env.AWS_MAX_ATTEMPTS ? {} : { maxAttempts: 4 }),
    ...(checksums ? { requestChecksumCalculation: upperCase(checksums) } : {}),
    // What is read is compared with our own SHA-256, and some servers give checksums of their own making.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Not every server answers it, and those that do not cost a second for each part.
    expectContinueHeader: false,
    customUserAgent: 'etcd-snapback',
    logger: quiet(log),
    requestHandler: {
      httpAgent: new Agent(agent),
      httpsAgent: new SecureAgent({ ...agent, ...(settings.ca ? { ca: settings.ca } : {}) }),
      connectionTimeout: settings.dialTimeout,
      // Of the socket, so that it counts time without a byte; a part may take as long as its bytes need.
      socketTimeout: settings.idleTimeout,
    },
  });
  sendInSlices(client);
  return { client, ...place, settings, log, lacks: new Set(), setUp: { objectLock: null, versions: null } };
};

/** What the settings leave open may stand in the AWS profile, which only the SDK knows how to find. */
export const named = async ({
  endpoint,
  region,
  profile,
}: S3Settings): Promise<{ endpoint: string | null; region: string }> => {
  if (profile !== null && region !== null) return { endpoint, region };
  const { config } = new S3Client({});
  return {
    endpoint: endpoint ?? (await config.serviceConfiguredEndpoint?.()) ?? null,
    region: region ?? (await config.region().catch(() => 'us-east-1')),
  };
};

/** The key of an object of the store. */
export const keyOf = ({ prefix }: Bucket, name: string): string => `${prefix}${name}`;

/**
 * One request, ended by `signal` also while the SDK looks for credentials or waits before it tries again. Throws the
 * signal's reason, or what `s3Error` makes of the failure.
 */
export const ask = async <T>(
  bucket: Bucket,
  about: About,
  signal: AbortSignal,
  send: (client: S3Client, options: { abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> => {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([send(bucket.client, { abortSignal: signal }), aborted]);
  } catch (error) {
    throw signal.aborted ? signal.reason : s3Error(error, about, bucket);
  } finally {
    signal.removeEventListener('abort', abort);
  }
};

const upperCase = (checksums: 'when_required' | 'when_supported') =>
  checksums === 'when_required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED';

const proxies = (): NodeJS.ProcessEnv => {
  const set = ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'].find(name => process.env[name]);
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (set && major === 24 && minor < 5)
    throw new SnapbackError('usage', {
      operation: 'open the store',
      object: `the proxy in ${set}`,
      reason: `cannot be used by Node.js ${process.versions.node}`,
      hint: 'Take Node.js 24.5 or newer, or unset the variable where no proxy is needed.',
    });
  return process.env;
};

// The SDK would write its warnings to the console.
const quiet = (log: Log) => ({
  trace: () => {},
  debug: () => {},
  info: () => {},
  warn: (...words: unknown[]) => log.debug(`S3 client: ${words.map(String).join(' ')}`),
  error: (...words: unknown[]) => log.debug(`S3 client: ${words.map(String).join(' ')}`),
});
