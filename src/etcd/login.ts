/** A name and a password for a token, as etcdctl does it (etcd: client/v3/client.go, getToken). */
import type { Client } from '@grpc/grpc-js';
import { interceptor } from './call.ts';
import { authenticateMethod } from './messages.ts';
import { refusalOf } from './refusal.ts';
import type { EtcdSettings } from './settings.ts';
import { unaryCall } from './unary.ts';

/**
 * The token that goes with every call; null without a user, or when etcd asks for none. Rejects with gRPC's raw
 * error. etcd answers only with a quorum, and needs a tenth of a second for the password's hash.
 */
export const logIn = async (
  grpc: Client,
  { user, password, dialTimeout }: EtcdSettings,
  { signal }: { signal: AbortSignal },
): Promise<string | null> => {
  if (user === null) return null;
  const options = { deadline: Date.now() + dialTimeout, interceptors: [interceptor(null, signal)] };
  try {
    const request = { name: user, password: password?.reveal() ?? '' };
    return (await unaryCall(grpc, authenticateMethod, request, options)).token;
  } catch (error) {
    if (refusalOf(error) === 'no-auth') return null;
    throw error;
  }
};
