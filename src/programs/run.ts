/** Runs a program to its end: bounded by a signal and a deadline, killed with all its children, its output kept. */
import { spawn } from 'node:child_process';
import { deadline } from '../deadline.ts';
import { from, SnapbackError } from '../errors.ts';
import { tail } from './tail.ts';

export type Ran = {
  /** The exit code; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last part of what it printed on both streams, in the order it arrived. */
  output: string;
};

export type RunOptions = {
  signal: AbortSignal;
  /** Milliseconds it may take in all. */
  timeout: number | null;
  cwd?: string;
  /** Added to the environment; a variable that is undefined is taken away. */
  env?: NodeJS.ProcessEnv;
  /** Called with each whole line as it comes. */
  onLine?(line: string): void;
};

/**
 * Resolves when the program has ended, whatever its exit code. Rejects with `failed` when it cannot be started
 * or outlives its timeout, and with the reason of the signal; then only after the program is dead.
 */
export const runProgram = async (file: string, args: string[], options: RunOptions): Promise<Ran> => {
  options.signal.throwIfAborted();
  using limit = deadline(
    options.signal,
    options.timeout,
    () =>
      new SnapbackError('failed', {
        operation: 'run',
        object: file,
        reason: `did not end within ${Math.round((options.timeout ?? 0) / 1000)} s`,
      }),
  );
  // A process group of its own, so that a kill takes the compilers that `go` starts along.
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...programEnvironment(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const kill = () => killGroup(child.pid);
  limit.signal.addEventListener('abort', kill, { once: true });
  const output = tail();
  const whole = wholeLines(options.onLine);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output.add(chunk);
      whole(chunk);
    });
  }
  const ended = Promise.withResolvers<Ran>();
  child.on('error', error =>
    ended.reject(from(error, 'failed', { operation: 'run', object: file, reason: startReason(error) })),
  );
  child.on('close', (code, signal) => ended.resolve({ code, signal, output: output.text() }));
  const ran = await ended.promise;
  limit.signal.throwIfAborted();
  return ran;
};

/**
 * The environment for etcd's programs. Without `ETCD_*` and `ETCDCTL_*`: a person sets those for their own
 * cluster, etcd takes each as a flag, and etcdctl ends when one meets the same flag. NODE_OPTIONS is for this
 * process alone.
 */
export const programEnvironment = (): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^ETCD(?:CTL|UTL)?_/.test(name) && name !== 'NODE_OPTIONS',
  );
  return Object.fromEntries(kept);
};

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself just now.
  }
};

const wholeLines = (onLine: ((line: string) => void) | undefined) => {
  let rest = '';
  return (chunk: Buffer): void => {
    if (!onLine) return;
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
};

const startReason = (error: Error): string => {
  const code = 'code' in error ? error.code : null;
  if (code === 'ENOENT') return 'is not there';
  if (code === 'EACCES') return 'may not be run';
  return `cannot be started (${error.message})`;
};
