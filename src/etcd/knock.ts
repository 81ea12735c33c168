/**
 * The first connection to an endpoint, made by hand, only to learn how it goes: gRPC tells all failures to connect
 * in one sentence without a code, hides a refused client certificate behind a lost connection, and honours no
 * deadline for a server that takes the connection and then says nothing.
 *
 * It goes as far as gRPC does before its first call: TCP, TLS, the HTTP/2 preface, and the server's SETTINGS frame
 * (RFC 9113 §3.4), which with TLS 1.3 also shows that our certificate was taken.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Endpoint } from './endpoint.ts';

export type Phase = 'connect' | 'handshake' | 'answer';

export type Knock =
  | { open: true }
  | {
      open: false;
      phase: Phase;
      error: Error | null;
      answered: 'http-2' | 'tls-alert' | 'http-1' | 'other' | 'nothing';
    };

const settingsFrameType = 4;
// The preface and an empty SETTINGS frame: all that a client must send first.
const hello = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'),
  Buffer.from([0, 0, 0, settingsFrameType, 0, 0, 0, 0, 0]),
]);

/**
 * Says how far the door opens; `tls` null is a plain connection. Never rejects but with the signal's reason, after
 * `onPhase` has told of every phase that began. Without `greet` nothing is sent but the handshakes. The connection
 * is closed either way.
 */
export const knock = async (
  endpoint: Endpoint,
  tls: ConnectionOptions | null,
  { signal, onPhase, greet }: { signal: AbortSignal; onPhase(phase: Phase): void; greet: boolean },
): Promise<Knock> => {
  let phase: Phase = 'connect';
  const enter = (next: Phase) => {
    phase = next;
    onPhase(next);
  };
  const tcp = endpoint.port === null ? connectTcp(endpoint.host) : connectTcp(endpoint.port, endpoint.host);
  const sockets: Socket[] = [tcp];
  try {
    enter('connect');
    await settled(tcp, 'connect', signal);
    const socket = tls === null ? tcp : connectTls({ ...tls, socket: tcp });
    if (tls !== null) {
      sockets.push(socket);
      enter('handshake');
      await settled(socket, 'secureConnect', signal);
    }
    enter('answer');
    if (greet) socket.write(hello);
    const answered = kindOf(await firstBytes(socket, signal));
    return answered === 'http-2' ? { open: true } : { open: false, phase, error: null, answered };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { open: false, phase, error: error instanceof Error ? error : null, answered: 'nothing' };
  } finally {
    for (const socket of sockets.reverse()) {
      // Whatever still arrives after we are gone is nobody's business.
      socket.on('error', () => {});
      socket.destroy();
    }
  }
};

const settled = (socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal) =>
  listen<void>(socket, signal, resolve => socket.once(event, () => resolve()));

const firstBytes = (socket: Socket, signal: AbortSignal) =>
  listen<Buffer>(socket, signal, resolve => {
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      // A frame's header has nine bytes; an answer in another language may be shorter and is known by its first.
      if (bytes.length >= 9 || bytes[0] !== 0) resolve(bytes);
    });
  });

const listen = <T>(socket: Socket, signal: AbortSignal, subscribe: (resolve: (value: T) => void) => void) =>
  new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const done = () => signal.removeEventListener('abort', abort);
    socket.once('error', error => {
      done();
      reject(error);
    });
    socket.once('close', () => {
      done();
      reject(new Error('the connection was closed'));
    });
    subscribe(value => {
      done();
      resolve(value);
    });
  });

const kindOf = (bytes: Buffer): 'http-2' | 'tls-alert' | 'http-1' | 'other' => {
  if (bytes[0] === 0x15 && bytes[1] === 3) return 'tls-alert';
  if (bytes.toString('latin1', 0, 5) === 'HTTP/') return 'http-1';
  return bytes.length >= 9 && bytes[3] === settingsFrameType ? 'http-2' : 'other';
};
