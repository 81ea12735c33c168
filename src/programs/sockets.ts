/** Where the throwaway's unix sockets lie, and when they take connections. */
import { mkdtemp } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { from } from '../errors.ts';

/**
 * A new folder of mode 0700: in `scratch`, or where a path there would be too long for a socket (108 bytes on Linux,
 * 104 on macOS, with the final zero; unix(7)) in the system's temporary folder. Throws `failed`.
 */
export const socketFolder = async (scratch: string): Promise<string> => {
  const here = resolve(scratch);
  const parent = Buffer.byteLength(join(here, 'snapback-XXXXXX', clientSocket(9))) <= 100 ? here : tmpdir();
  try {
    return await mkdtemp(join(parent, 'snapback-'));
  } catch (error) {
    throw from(error, 'failed', {
      operation: 'start a throwaway etcd',
      object: `scratch folder ${parent}`,
      hint: '--scratch names another folder.',
    });
  }
};

/** The file that etcd makes for `unix://c0:1`: it takes only URLs with a port, and the port is part of the name. */
export const clientSocket = (index: number): string => `c${index}:1`;

/** Resolves when every socket takes a connection, when the time is over, or when the signal aborts; never rejects. */
export const untilListening = async (
  paths: string[],
  { milliseconds, signal }: { milliseconds: number; signal: AbortSignal },
): Promise<void> => {
  const end = Date.now() + milliseconds;
  for (const path of paths) {
    while (!signal.aborted && Date.now() < end && !(await takesConnection(path))) await sleep(10);
  }
};

/** True when somebody listens on the socket. Never rejects. */
export const takesConnection = (path: string): Promise<boolean> =>
  new Promise(done => {
    const socket = createConnection({ path });
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
