/** An HTTP/2 server without TLS that answers every request as it is told: what a proxy or a broken gRPC server might. */
import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { EtcdSettings } from '../../src/etcd/settings.ts';

export type Http2Answers = {
  settings: EtcdSettings;
  endpoint: string;
  [Symbol.asyncDispose](): Promise<void>;
};

export const http2Answers = async (answer: (stream: ServerHttp2Stream) => void): Promise<Http2Answers> => {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', session => {
    sessions.add(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    settings: {
      endpoints: [endpoint],
      cacert: null,
      cert: null,
      key: null,
      user: null,
      password: null,
      insecureSkipTlsVerify: false,
      dialTimeout: 30_000,
      idleTimeout: 30_000,
    },
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
