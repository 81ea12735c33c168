/** One server as a process, from its first good answer to its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export type ServerProcess = {
  pid: number;
  /** The last part of what it printed. */
  output(): string;
  /** SIGSTOP, SIGCONT or a signal that ends it; resolves at once, or when it has ended. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Kills it; resolves when it has ended. */
  [Symbol.asyncDispose](): Promise<void>;
};

export type ServerStart = {
  /** For error messages. */
  name: string;
  program: string;
  args: string[];
  /** All of its environment but PATH, so that no variable of a person takes the place of an argument. */
  env?: NodeJS.ProcessEnv;
  /** Whether it answers as it should by now; bounds itself. */
  ready(): Promise<boolean>;
};

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Resolves when it is ready; rejects with the output when the process ends first or is not ready in a minute. */
export const startProcess = async ({
  name,
  program,
  args,
  env,
  ready,
}: ServerStart): Promise<ServerProcess> => {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-200_000);
    });
  }
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message));
    child.once('close', (code, signal) => resolve(`exit ${code ?? signal}`));
  }).finally(() => running.delete(child));

  const server: ServerProcess = {
    pid: child.pid ?? 0,
    output: () => printed,
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
    throw new Error(`${name} ended before it was ready (${how}):\n${printed}`);
  });
  early.catch(() => {});
  const answers = async () => {
    while (!over && !(await ready().catch(() => false))) await sleep(20);
  };
  const limit = once(AbortSignal.timeout(60_000), 'abort').then(() => {
    over = true;
    throw new Error(`${name} was not ready within a minute:\n${printed}`);
  });
  limit.catch(() => {});
  try {
    await Promise.race([answers(), early, limit]);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
};

// The signal is sent before it takes effect, and on a busy machine the process still answers in between.
const stopped = async (pid: number): Promise<void> => {
  while (!/\) [Tt] /.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') T '))) await sleep(5);
};
