/** A connection to one member of etcd: opened, logged in, and bounded in every call. */
import { type CallOptions, Client } from '@grpc/grpc-js';
import type { Etcd3 } from 'etcd3';
import { deadline } from '../deadline.ts';
import { isSnapbackError } from '../errors.ts';
import { interceptor } from './call.ts';
import { channelOptions } from './channel.ts';
import { makeCredentials } from './credentials.ts';
import { openDoor } from './door.ts';
import { silent } from './door-error.ts';
import { parseEndpoint } from './endpoint.ts';
import { openEtcd3 } from './etcd3.ts';
import type { Phase } from './knock.ts';
import { logIn } from './login.ts';
import type { Method } from './messages.ts';
import { orAborted } from './race.ts';
import { refusalOf, refused } from './refusal.ts';
import type { EtcdSettings } from './settings.ts';
import { type Answer, type StreamCall, type StreamRequest, streamCall } from './stream-call.ts';
import { unaryCall } from './unary.ts';

export type CallSettings = {
  /** What is tried, as an infinitive phrase, for the error. */
  operation: string;
  signal: AbortSignal;
  /** Milliseconds for the whole call; `settings.idleTimeout` when left out, null for none. */
  limit?: number | null;
};

export type EtcdClient = {
  /** With its scheme, as people are shown it. */
  endpoint: string;
  settings: EtcdSettings;
  /** True when this client logged in with a name and a password. */
  loggedIn: boolean;
  /** One call of our own messages. Throws `etcd`, or the signal's reason. */
  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    settings: CallSettings,
  ): Promise<Response>;
  /** One call of etcd3, which is loaded when first used. Throws `etcd`, or the signal's reason. */
  etcd3<T>(run: (etcd3: Etcd3, options: CallOptions) => Promise<T>, settings: CallSettings): Promise<T>;
  /**
   * Runs anything that takes gRPC's call options, which carry the login and the end, or the login's token alone; when
   * etcd no longer knows the login (a token lives five minutes), logs in anew and runs it a second time. Throws `etcd`,
   * or the signal's reason.
   */
  call<T>(
    run: (options: CallOptions, token: string | null) => Promise<T>,
    settings: CallSettings,
  ): Promise<T>;
  /** A call over a connection that nothing else uses; the caller closes it. */
  stream(request: StreamRequest, answer: Answer): StreamCall;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Opens one endpoint (`https://host:port`, `http://host:port`, `host:port`, `unix:/path`) within
 * `settings.dialTimeout`, handshakes and login included. Throws `usage` for a wrong endpoint or local file, `etcd`
 * for everything that the other side does, and the signal's reason when it aborts.
 */
export const openClient = async (
  settings: EtcdSettings,
  endpointText: string,
  { signal }: { signal: AbortSignal },
): Promise<EtcdClient> => {
  const endpoint = parseEndpoint(endpointText, settings);
  const credentials = await orAborted(makeCredentials(settings, endpoint, { signal }), signal);
  const options = channelOptions(settings, credentials);
  const failed = (error: unknown, operation: string, limit: number | null) =>
    refused(error, { operation, endpoint: endpoint.text, user: settings.user, limit });

  let phase: Phase | 'login' = 'connect';
  using dialling = deadline(signal, settings.dialTimeout, () =>
    phase === 'login'
      ? failed(new Error('4 DEADLINE_EXCEEDED'), 'log in', settings.dialTimeout)
      : silent(endpoint, phase, settings.dialTimeout),
  );
  const onPhase = (next: Phase) => {
    phase = next;
  };
  await openDoor(endpoint, credentials, { signal: dialling.signal, onPhase });
  const grpc = new Client(endpoint.target, credentials.channel, options);

  let token: string | null;
  try {
    await orAborted(ready(grpc, settings.dialTimeout), dialling.signal);
    phase = 'login';
    token = await orAborted(logIn(grpc, settings, { signal: dialling.signal }), dialling.signal);
  } catch (error) {
    grpc.close();
    if (dialling.signal.aborted) throw dialling.signal.reason;
    throw failed(error, phase === 'login' ? 'log in' : 'connect', settings.dialTimeout);
  }

  const call: EtcdClient['call'] = async (run, { operation, signal, limit = settings.idleTimeout }) => {
    const attempt = () => {
      const until = limit === null ? undefined : Date.now() + limit;
      const options = { deadline: until, interceptors: [interceptor(token, signal)] };
      return orAborted(run(options, token), signal);
    };
    try {
      return await attempt().catch(async error => {
        if (token === null || signal.aborted || refusalOf(error) !== 'token') throw error;
        token = await orAborted(logIn(grpc, settings, { signal }), signal);
        return attempt();
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw isSnapbackError(error) ? error : failed(error, operation, limit);
    }
  };

  let etcd3: Promise<Etcd3> | null = null;
  return {
    endpoint: endpoint.text,
    settings,
    loggedIn: token !== null,
    call,
    unary: (method, request, callSettings) =>
      call(callOptions => unaryCall(grpc, method, request, callOptions), callSettings),
    etcd3: async (run, callSettings) => {
      etcd3 ??= openEtcd3(endpoint, credentials, options);
      const loaded = await etcd3;
      return call(callOptions => run(loaded, callOptions), callSettings);
    },
    stream: (request, answer) => streamCall(endpoint, credentials, request, answer),
    [Symbol.asyncDispose]: async () => {
      grpc.close();
      (await etcd3)?.close();
    },
  };
};

const ready = (grpc: Client, milliseconds: number) =>
  new Promise<void>((resolve, reject) => {
    grpc.waitForReady(Date.now() + milliseconds, error => (error ? reject(error) : resolve()));
  });
