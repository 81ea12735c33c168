/**
 * One gRPC call whose answer is a stream, over an HTTP/2 connection of its own (grpc: doc/PROTOCOL-HTTP2.md). grpc-js
 * serves all other calls; to take a whole database through it costs half as much CPU time again, and more memory.
 */
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';

export type StreamCall = {
  /** After it at most the window arrives, and nothing is given on until `resume`. A call begins so. */
  pause(): void;
  resume(): void;
  /** Ends the call and the connection, wherever they stand. */
  close(): void;
};

export type Answer = {
  /** The messages with gRPC's prefix of five bytes each, in pieces as they arrive. */
  onBytes(bytes: Buffer): void;
  /** Last, and only after the status OK. */
  onEnd(): void;
  /** Last: the call failed. In the words of grpc-js, which refusal.ts reads. */
  onError(error: Error): void;
};

export type StreamRequest = {
  path: string;
  /** Of the login. */
  token: string | null;
  message: Buffer;
  /** How much may arrive before it is wanted, in bytes. */
  window: number;
};

/** Connects and asks at once. Nothing here has a deadline. */
export const streamCall = (
  endpoint: Endpoint,
  { tls }: Credentials,
  { path, token, message, window }: StreamRequest,
  { onBytes, onEnd, onError }: Answer,
): StreamCall => {
  const session = connectHttp2(endpoint, tls, window);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const call = session.request({
    ':method': 'POST',
    ':path': path,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'etcd-snapback',
    ...(token === null ? {} : { token }),
  });
  call.end(Buffer.concat([prefix, message]));

  let ended = false;
  let failure: Error | null = null;
  let outcome: Error | 'OK' | null = null;
  // A stream that ends with its connection has that one's error as its cause.
  const failed = (error: Error) => {
    failure ??= error.cause instanceof Error ? error.cause : error;
  };
  session.on('error', failed);
  call.on('error', failed);
  call.on('response', headers => {
    outcome = statusOf(headers) ?? unlikeGrpc(headers);
    // What follows is no message.
    if (outcome instanceof Error) call.destroy();
  });
  call.on('trailers', trailers => {
    outcome ??= statusOf(trailers);
  });
  call.on('data', onBytes);
  call.on('end', () => {
    ended = true;
  });
  call.on('close', () => {
    const lost = session.destroyed ? 'Connection dropped' : `RST_STREAM with code ${call.rstCode}`;
    session.close();
    if (ended && outcome === 'OK') onEnd();
    else if (outcome instanceof Error) onError(outcome);
    else onError(failedWith(status.UNAVAILABLE, failure?.message ?? lost));
  });
  call.pause();
  return {
    pause: () => call.pause(),
    resume: () => call.resume(),
    close: () => session.destroy(),
  };
};

const connectHttp2 = (
  { secure, host, port, target }: Endpoint,
  tls: Credentials['tls'],
  window: number,
): ClientHttp2Session => {
  const tcp = port === null ? connectTcp(host) : connectTcp(port, host);
  // Found by the system where a member is gone while a slow reader wants nothing of it.
  tcp.setKeepAlive(true, 10_000);
  const socket = tls === null ? tcp : connectTls({ ...tls, socket: tcp });
  const session = connect(`${secure ? 'https' : 'http'}://${port === null ? 'localhost' : target}`, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: window },
  });
  session.once('connect', () => session.destroyed || session.setLocalWindowSize(window));
  // One that is still connecting would go on.
  session.once('close', () => tcp.destroy());
  return session;
};

/** Null where the headers hold none. */
const statusOf = (headers: IncomingHttpHeaders): Error | 'OK' | null => {
  const code = headers['grpc-status'];
  if (code === undefined) return null;
  if (code === '0') return 'OK';
  return failedWith(Number(code), decoded(String(headers['grpc-message'] ?? '')));
};

/** What answers may be no gRPC server, but a proxy before it (grpc: doc/http-grpc-status-mapping.md). */
const unlikeGrpc = (headers: IncomingHttpHeaders & { ':status'?: number }): Error | null => {
  const { ':status': httpStatus, 'content-type': type } = headers;
  if (httpStatus === constants.HTTP_STATUS_OK && type?.startsWith('application/grpc')) return null;
  const code =
    httpStatus === 404
      ? status.UNIMPLEMENTED
      : [429, 502, 503, 504].includes(httpStatus ?? 0)
        ? status.UNAVAILABLE
        : status.UNKNOWN;
  return failedWith(code, `HTTP status ${httpStatus} and content of the type ${type ?? 'unknown'}`);
};

const failedWith = (code: number, details: string): Error =>
  Object.assign(new Error(`${code} ${status[code] ?? 'UNKNOWN'}: ${details}`), { code, details });

/** Percent-encoded, and by some servers not quite. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
