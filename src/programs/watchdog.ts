/**
 * A process of its own, started by throwaway.ts: it runs the etcds and ends them when the pipe on its standard
 * input ends, which the kernel sees to even when the process that started it was killed. One JSON argument:
 * `{ program, members: string[][], remove: string[] }`. `stop` on the pipe before its end means an orderly end;
 * without it the starter died, and the folders to remove go too, since nobody is left to do it.
 *
 * It ends as the first etcd that ended by itself did (exit code or signal), with 0 after a stop, and with 127
 * when etcd cannot be started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

export type Orders = { program: string; members: string[][]; remove: string[] };

const grace = 2_000;

const watch = ({ program, members, remove }: Orders): void => {
  let word = '';
  let stopping = false;
  let first: { code: number | null; signal: NodeJS.Signals | null } | null = null;
  const running = new Set<ChildProcess>();

  const stop = () => {
    if (stopping) return;
    stopping = true;
    for (const etcd of running) etcd.kill('SIGTERM');
    setTimeout(() => {
      for (const etcd of running) etcd.kill('SIGKILL');
    }, grace).unref();
  };

  const gone = (etcd: ChildProcess, code: number | null, signal: NodeJS.Signals | null) => {
    running.delete(etcd);
    if (!stopping) first = { code, signal };
    stop();
    if (running.size > 0) return;
    end();
  };

  const end = () => {
    process.stdin.destroy();
    process.exitCode = first === null ? 0 : (first.code ?? 1);
    if (!first?.signal) return;
    // The same signal, so that the starter sees what became of etcd.
    process.removeAllListeners(first.signal);
    process.kill(process.pid, first.signal);
  };

  process.stdin.on('data', chunk => {
    word += chunk.toString();
  });
  process.stdin.on('end', stop);
  process.stdin.on('error', stop);
  // Nobody reads it any more.
  process.stderr.on('error', () => {});
  process.on('exit', () => {
    if (!word.includes('stop') && process.stdin.readableEnded) {
      for (const folder of remove) rmSync(folder, { recursive: true, force: true });
    }
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);

  for (const args of members) {
    const etcd = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    running.add(etcd);
    etcd.on('error', error => {
      process.stderr.write(`Error: ${error.message}\n`);
      gone(etcd, 127, null);
    });
    etcd.on('exit', (code, signal) => gone(etcd, code, signal));
  }
};

watch(JSON.parse(process.argv[2] ?? '') as Orders);
