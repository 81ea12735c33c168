/** One etcd as a process, from its first healthy answer to its end. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type ServerProcess, startProcess } from './server-process.ts';

export type EtcdProcess = ServerProcess & {
  endpoint: string;
  dataDir: string;
  /** Where it tells its metrics. */
  metrics: string;
};

type Start = { program: string; args: string[]; endpoint: string; health: string; dataDir: string };

/** Resolves when `health` answers 200; rejects with the output when the process ends first. */
export const spawnEtcd = async ({
  program,
  args,
  endpoint,
  health,
  dataDir,
}: Start): Promise<EtcdProcess> => {
  await mkdir(dirname(dataDir), { recursive: true });
  const server = await startProcess({
    name: 'etcd',
    program,
    args,
    // Only 3.4 on a foreign processor needs it.
    env: { ETCD_UNSUPPORTED_ARCH: process.arch },
    ready: async () => {
      const answer = await fetch(health, { signal: AbortSignal.timeout(2000) });
      await answer.arrayBuffer();
      return answer.ok;
    },
  });
  return { ...server, endpoint, dataDir, metrics: new URL('/metrics', health).href };
};
