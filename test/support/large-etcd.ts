/** An etcd that holds more than the windows and buffers on the way of a save, so that a stopped etcd stops the save. */
import { type EtcdCluster, startEtcd } from './etcd.ts';
import { fill } from './fill.ts';
import { connection } from './snapback.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type LargeEtcd = {
  cluster: EtcdCluster;
  /** The options that connect the command to it. */
  etcd: string[];
  /** For stores and whatever else the tests write. */
  folder: string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** `program` is the path of etcd's. */
export const startLargeEtcd = async (program: string): Promise<LargeEtcd> => {
  await using started = new AsyncDisposableStack();
  const { path } = started.use(await temporaryFolder());
  const cluster = started.use(await startEtcd({ etcd: program, tls: true }));
  await fill(cluster.settings(), { count: 700, size: 100_000 });
  const all = started.move();
  return {
    cluster,
    etcd: connection(cluster.settings()),
    folder: path,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
};
