/**
 * A throwaway etcd: boots on data directories that nobody else uses, listens on unix sockets only, and is gone with
 * its value, or with this process, however that ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SnapbackError } from '../errors.ts';
import type { Programs } from './find.ts';
import { programEnvironment } from './run.ts';
import { clientSocket, socketFolder, untilListening } from './sockets.ts';
import { lastWords, tail } from './tail.ts';
import { memberArguments, type ThrowawayMember } from './throwaway-arguments.ts';
import type { Orders } from './watchdog.ts';

export type ThrowawayOptions = {
  /** One, or three for a whole cluster. */
  dataDirs: ThrowawayMember[];
  /** A folder that exists, of mode 0700; of any length. */
  scratch: string;
  /** etcd's backend quota; above the size of the file, or etcd starts with a NOSPACE alarm. */
  quotaBytes: number;
  /** Milliseconds to wait for the sockets; being ready is for the caller to find out. */
  dialTimeout: number;
  /** Folders that the watchdog removes should this process be killed before it disposes. */
  removeIfKilled?: string[];
  signal: AbortSignal;
};

/** How it ended; `reason` reads on from "the throwaway etcd". */
export type Ended = { code: number | null; signal: NodeJS.Signals | null; reason: string };

export type Throwaway = {
  /** gRPC targets, `unix:/…`, one a member, in the order of the data directories. Without TLS. */
  endpoints: string[];
  /** The last part of what the members printed. */
  output(): string;
  /** Resolves when it has ended, by itself or disposed; never rejects. To be raced against readiness. */
  exited: Promise<Ended>;
  /** SIGTERM, SIGKILL after 2 s; resolves when it is dead and its sockets are removed. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Resolves when every member's socket takes connections, when one of them ended (`exited` says why: a snapshot
 * that does not boot is a finding, not an error here), or when `dialTimeout` is over. Throws `missing-program`
 * without etcd, `failed` without a place for sockets, and the signal's reason on abort, with nothing left running.
 */
export const startThrowaway = async (programs: Programs, options: ThrowawayOptions): Promise<Throwaway> => {
  if (programs.etcd === null) throw noEtcd(programs);
  options.signal.throwIfAborted();
  const members = options.dataDirs.map((_, index) => memberArguments(index, options));
  const folder = await socketFolder(options.scratch);
  const orders: Orders = {
    program: programs.etcd,
    members,
    remove: [folder, ...(options.removeIfKilled ?? [])].map(path => resolve(path)),
  };
  const watchdog = spawn(process.execPath, [watchdogFile, JSON.stringify(orders)], {
    cwd: folder,
    env: { ...programEnvironment(), ...environmentFor(programs) },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A session of its own: the Ctrl-C of a terminal is for this process, which then ends it in order.
    detached: true,
  });
  const printed = tail();
  watchdog.stdout.on('data', printed.add);
  watchdog.stderr.on('data', printed.add);
  // It may be gone already when it is told to stop.
  watchdog.stdin.on('error', () => {});
  const exited = endOf(watchdog, printed.text);
  const sockets = options.dataDirs.map((_, index) => join(folder, clientSocket(index)));
  const throwaway: Throwaway = {
    endpoints: sockets.map(path => `unix:${path}`),
    output: printed.text,
    exited,
    [Symbol.asyncDispose]: async () => {
      watchdog.stdin.end('stop\n');
      const last = setTimeout(() => killGroup(watchdog), 10_000);
      await exited;
      clearTimeout(last);
      await rm(folder, { recursive: true, force: true });
    },
  };
  await listening(throwaway, sockets, options);
  if (!options.signal.aborted) return throwaway;
  await throwaway[Symbol.asyncDispose]();
  throw options.signal.reason;
};

/** Beside this file, as source or built. */
const watchdogFile = fileURLToPath(new URL(`./watchdog${extname(import.meta.url)}`, import.meta.url));

/** etcd 3.4 starts on other processors than amd64 only when asked to; later versions know arm64. */
const environmentFor = ({ minor }: Programs): NodeJS.ProcessEnv =>
  minor === '3.4' && process.arch !== 'x64' ? { ETCD_UNSUPPORTED_ARCH: process.arch } : {};

const listening = async (
  { exited }: Throwaway,
  sockets: string[],
  { dialTimeout, signal }: ThrowawayOptions,
): Promise<void> => {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  exited.then(() => over.abort());
  await untilListening(sockets, { milliseconds: dialTimeout, signal: either });
};

const endOf = (watchdog: ChildProcess, output: () => string): Promise<Ended> =>
  new Promise(done => {
    watchdog.on('error', error =>
      done({ code: null, signal: null, reason: `could not be started (${error.message})` }),
    );
    // Should someone have killed the watchdog alone: its etcds are in its process group.
    watchdog.on('exit', () => killGroup(watchdog));
    watchdog.on('close', (code, signal) => done({ code, signal, reason: reasonOf(code, signal, output()) }));
  });

const reasonOf = (code: number | null, signal: NodeJS.Signals | null, output: string): string => {
  if (signal !== null) return `was ended by ${signal}`;
  if (code === 0) return 'was stopped';
  return `ended with code ${code} (${lastWords(output) ?? 'it said nothing'})`;
};

const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them are gone.
  }
};

const noEtcd = ({ minor }: Programs): SnapbackError =>
  new SnapbackError('missing-program', {
    operation: 'start a throwaway etcd',
    object: `etcd ${minor}`,
    reason: 'is not here',
    hint: `\`snapback tools install ${minor}\` brings it.`,
  });
