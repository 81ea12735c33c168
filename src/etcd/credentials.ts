/**
 * The one place that makes TLS credentials, for our own gRPC client and for etcd3.
 *
 * etcd's endpoints are mostly IP addresses. grpc-js passes the address as TLS server name, which Node 24 warns
 * about and Node 26 refuses (ERR_INVALID_ARG_VALUE); and etcd3 takes no options of verification at all. So the
 * server name of an address is a neutral one, and the certificate is compared with the real address by us.
 */
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, createSecureContext } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { type Certificates, readCertificates } from './certificates.ts';
import type { Endpoint } from './endpoint.ts';
import type { EtcdSettings } from './settings.ts';

export type Credentials = {
  certificates: Certificates;
  /** For a TLS connection of our own; null on a plain endpoint. */
  tls: ConnectionOptions | null;
  channel: ChannelCredentials;
  /** What must stand in the options of every channel that uses `channel`. */
  options: ChannelOptions;
};

// Names below .invalid belong to nobody (RFC 6761), so no server picks a certificate by it.
const neutralName = 'etcd.invalid';

/** Credentials for one endpoint. Throws `usage` when a file is wrong (certificates.ts). */
export const makeCredentials = async (
  settings: EtcdSettings,
  endpoint: Endpoint,
  { signal }: { signal: AbortSignal },
): Promise<Credentials> => {
  if (!endpoint.secure) {
    const certificates = { ca: null, own: null };
    return { certificates, tls: null, channel: credentials.createInsecure(), options: {} };
  }
  const certificates = await readCertificates(settings, { signal });
  const secureContext = createSecureContext({
    ca: certificates.ca ?? undefined,
    cert: certificates.own?.cert,
    key: certificates.own?.key,
    minVersion: 'TLSv1.2',
  });
  const verify = {
    checkServerIdentity: (_: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(endpoint.host, certificate),
    rejectUnauthorized: !settings.insecureSkipTlsVerify,
  };
  const address = isIP(endpoint.host) !== 0;
  return {
    certificates,
    tls: {
      secureContext,
      ...verify,
      servername: address ? neutralName : endpoint.host,
      ALPNProtocols: ['h2'],
    },
    channel: credentials.createFromSecureContext(secureContext, verify),
    options: address ? { 'grpc.ssl_target_name_override': neutralName } : {},
  };
};

/**
 * Runs `construct` with grpc-js handing out `channel` wherever credentials are asked for. It is the only door into
 * etcd3, which calls `createSsl` in its constructor, synchronously; nothing else can run in between.
 */
export const withCredentials = <T>(channel: ChannelCredentials, construct: () => T): T => {
  const original = credentials.createSsl;
  credentials.createSsl = () => channel;
  try {
    return construct();
  } finally {
    credentials.createSsl = original;
  }
};
