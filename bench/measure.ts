/** Runs a program and says what it cost. Linux: the figures are the kernel's, out of /proc. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** `env` is set beside this process's own variables. */
export type Step = { program: string; args: string[]; env?: Record<string, string> };

export type Cost = {
  /** Seconds from start to end. */
  wall: number;
  /** Seconds of user and system time, with those of all processes that the program waited for. */
  cpu: number;
  /** Bytes: the most that was resident at once in the program's own process. */
  peak: number;
};

/**
 * Runs the steps one after the other: times add up, the peak is that of the largest. Throws with what a step printed
 * when it does not end with 0, and the signal's reason when it aborts; then the step has ended too.
 */
export const measure = async (steps: Step[], signal: AbortSignal): Promise<Cost> => {
  const total: Cost = { wall: 0, cpu: 0, peak: 0 };
  for (const step of steps) {
    const cost = await measureStep(step, signal);
    total.wall += cost.wall;
    total.cpu += cost.cpu;
    total.peak = Math.max(total.peak, cost.peak);
  }
  return total;
};

const measureStep = async ({ program, args, env }: Step, signal: AbortSignal): Promise<Cost> => {
  signal.throwIfAborted();
  const cpuBefore = await waitedForSeconds();
  const start = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...env },
  });
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end, { once: true });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  }
  // The spawn error, such as ENOENT, rejects this promise.
  const closed = once(child, 'close').finally(() => signal.removeEventListener('abort', end));
  const highest = watchPeak(child.pid, closed);
  const [code] = await closed;
  const wall = (performance.now() - start) / 1000;
  signal.throwIfAborted();
  if (code !== 0)
    throw new Error(`\`${[program, ...args].join(' ')}\` ended with ${code}:\n${printed.join('').trim()}`);
  return { wall, cpu: (await waitedForSeconds()) - cpuBefore, peak: await highest };
};

// A person's own settings for etcdctl and snapback must not change what is measured.
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(ETCDCTL|SNAPBACK|NODE_OPTIONS)/.test(name)),
  );

/**
 * The CPU time of all children that have ended, with their own (proc(5), /proc/PID/stat: cutime and cstime, in ticks
 * of which Linux shows 100 a second). etcd is a child too, but does not end while something is measured.
 */
const waitedForSeconds = async (): Promise<number> => secondsIn(await statOf('self'), 13);

/** The CPU time in seconds that a process itself has taken until now (utime and stime there). */
export const cpuOf = async (pid: number): Promise<number> => secondsIn(await statOf(`${pid}`), 11);

const secondsIn = (fields: string[], at: number): number =>
  (Number(fields[at]) + Number(fields[at + 1])) / 100;

const statOf = async (process: string): Promise<string[]> => {
  const stat = await readFile(`/proc/${process}/stat`, 'utf8');
  // The second field is the name, in brackets, and may hold blanks: what follows begins with the third.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

/** VmHWM only grows, so a look every few milliseconds misses nothing but growth right before the end. */
const watchPeak = async (pid: number | undefined, closed: Promise<unknown>): Promise<number> => {
  let over = false;
  const ended = () => {
    over = true;
  };
  closed.then(ended, ended);
  let peak = 0;
  while (!over) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
    peak = Math.max(peak, Number(kibibytes ?? 0) * 1024);
    await sleep(5);
  }
  return peak;
};

/** The middle one; the mean of the two in the middle where their number is even. */
export const median = (numbers: number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? 0) + (high ?? 0)) / 2;
};
