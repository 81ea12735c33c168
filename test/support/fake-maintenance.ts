/**
 * A gRPC server that sends snapshots as no etcd does: what a broken or hostile one might. It answers for nothing
 * else, so it is opened without a login.
 */
import { Server, ServerCredentials, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import type { EtcdSettings } from '../../src/etcd/settings.ts';

type SnapshotResponse = { remaining_bytes: string; blob: Buffer };
export type Sending = ServerWritableStream<object, Partial<SnapshotResponse>>;
export type FakeMaintenance = {
  settings: EtcdSettings;
  endpoint: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Serves Snapshot as `send` says; the messages are encoded by hand, independently of the code under test. */
export const fakeMaintenance = async (send: (call: Sending) => void): Promise<FakeMaintenance> => {
  const server = new Server();
  server.addService(
    {
      Snapshot: {
        path: '/etcdserverpb.Maintenance/Snapshot',
        requestStream: false,
        responseStream: true,
        requestSerialize: () => Buffer.alloc(0),
        requestDeserialize: () => ({}),
        responseSerialize: encoded,
        responseDeserialize: () => ({}),
      },
    },
    { Snapshot: send as (call: unknown, done?: sendUnaryData<unknown>) => void },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const endpoint = `http://127.0.0.1:${port}`;
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
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
};

const encoded = ({ remaining_bytes = '0', blob = Buffer.alloc(0) }: Partial<SnapshotResponse>): Buffer =>
  Buffer.concat([
    Buffer.from([2 << 3]),
    varint(BigInt(remaining_bytes)),
    Buffer.from([(3 << 3) | 2]),
    varint(BigInt(blob.length)),
    blob,
  ]);

const varint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest > 127n;
    bytes.push(Number(rest & 127n) | (more ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
};
