/**
 * The etcd3 client for one endpoint, for what it does well: members, alarms, keys, auth. Loaded when first used.
 *
 * Its fault handling is switched off: three tries and a circuit breaker turn "connection refused" into "circuit
 * breaker is open". Its login is not used, since it opens channels without options, which cannot reach an IP
 * address over TLS; the token comes with each call instead (call.ts).
 */
import type { ClientOptions } from '@grpc/grpc-js';
import type { Etcd3, IOptions } from 'etcd3';
import { type Credentials, withCredentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';

/** The caller closes it. It connects with its first call, over the same TCP connection as a gRPC client with the same options. */
export const openEtcd3 = async (
  endpoint: Endpoint,
  { channel, tls }: Credentials,
  grpcOptions: ClientOptions,
): Promise<Etcd3> => {
  const { Etcd3 } = await import('etcd3');
  return withCredentials(
    channel,
    () =>
      new Etcd3({
        hosts: endpoint.target,
        // Only its presence counts: it makes etcd3 ask for TLS credentials, and those are ours.
        credentials: tls === null ? undefined : { rootCertificate: Buffer.alloc(0) },
        grpcOptions: grpcOptions as IOptions['grpcOptions'],
        faultHandling: { host: () => once, global: once },
      }),
  );
};

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

const ignore = () => ({ dispose: () => {} });
const once = {
  execute: async fn => fn({ signal: never }),
  onSuccess: ignore,
  onFailure: ignore,
} as Omit<Policy, '_altReturn'> as Policy;
const never = new AbortController().signal;
