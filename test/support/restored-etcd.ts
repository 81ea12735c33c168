/** A real etcd on a restored data directory, without TLS, and a client of it. */
import { type EtcdClient, openClient } from '../../src/etcd/client.ts';
import { spawnEtcd } from './etcd-process.ts';
import { freePorts } from './ports.ts';

export type RestoredEtcd = { client: EtcdClient; [Symbol.asyncDispose](): Promise<void> };

/** `name` and `peer` (a URL) must be those that the directory was restored with. Resolves when it is healthy. */
export const startRestored = async (
  program: string,
  dataDir: string,
  { name, peer }: { name: string; peer: string },
): Promise<RestoredEtcd> => {
  const endpoint = `http://127.0.0.1:${(await freePorts(1))[0]}`;
  const etcd = await spawnEtcd({
    program,
    endpoint,
    health: `${endpoint}/health`,
    dataDir,
    args: [
      `--name=${name}`,
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${endpoint}`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=${peer}`,
    ],
  });
  const settings = {
    endpoints: [endpoint],
    cacert: null,
    cert: null,
    key: null,
    user: null,
    password: null,
    insecureSkipTlsVerify: false,
    dialTimeout: 10_000,
    idleTimeout: 30_000,
  };
  const { signal } = new AbortController();
  const client = await openClient(settings, endpoint, { signal });
  return {
    client,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await etcd[Symbol.asyncDispose]();
    },
  };
};
