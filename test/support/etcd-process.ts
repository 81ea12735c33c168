/** One etcd as a process, from its first healthy answer to its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type EtcdProcess = {
  endpoint: string;
  pid: number;
  dataDir: string;
  /** Where it tells its metrics. */
  metrics: string;
  output(): string;
  /** SIGSTOP, SIGCONT or a signal that ends it; resolves at once, or when it has ended. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

type Start = { program: string; args: string[]; endpoint: string; health: string; dataDir: string };

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Resolves when `health` answers 200; rejects with the output when the process ends first. */
export const spawnEtcd = async ({
  program,
  args,
  endpoint,
  health,
  dataDir,
}: Start): Promise<EtcdProcess> => {
  await mkdir(dirname(dataDir), { recursive: true });
  // Variables such as ETCD_NAME would take the place of arguments; only 3.4 on a foreign processor needs one.
  const env = { PATH: process.env.PATH, ETCD_UNSUPPORTED_ARCH: process.arch };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  }
  const output = () => printed.join('').slice(-200_000);
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message));
    child.once('close', (code, signal) => resolve(`exit ${code ?? signal}`));
  }).finally(() => running.delete(child));

  const member: EtcdProcess = {
    endpoint,
    pid: child.pid ?? 0,
    dataDir,
    metrics: new URL('/metrics', health).href,
    output,
    signal: async name => {
      child.kill(name);
      if (name === 'SIGTERM' || name === 'SIGKILL') await ended;
      if (name === 'SIGSTOP') await stopped(child.pid ?? 0);
    },
    [Symbol.asyncDispose]: async () => {
      // A stopped process takes SIGKILL only.
      child.kill('SIGKILL');
      await ended;
    },
  };
  let over = false;
  const early = ended.then(how => {
    over = true;
    throw new Error(`etcd ended before it was healthy (${how}):\n${output()}`);
  });
  early.catch(() => {});
  const healthy = async () => {
    while (!over) {
      const answer = await fetch(health, { signal: AbortSignal.timeout(2000) }).catch(() => null);
      await answer?.arrayBuffer().catch(() => {});
      if (answer?.ok) return;
      await sleep(20);
    }
  };
  const limit = once(AbortSignal.timeout(60_000), 'abort').then(() => {
    throw new Error(`etcd was not healthy within a minute:\n${output()}`);
  });
  limit.catch(() => {});
  try {
    await Promise.race([healthy(), early, limit]);
    return member;
  } catch (error) {
    await member[Symbol.asyncDispose]();
    throw error;
  }
};

// The signal is sent before it takes effect, and on a busy machine the process still answers in between.
const stopped = async (pid: number): Promise<void> => {
  while (!/\) [Tt] /.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') T '))) await sleep(5);
};
