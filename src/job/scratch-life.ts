/**
 * Whether the process that made a scratch folder still lives. It holds a unix socket in the folder, which the kernel closes
 * with the process, however that ends: so this can be told from another container too, where process ids mean nothing.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { takesConnection } from '../programs/sockets.ts';

const prefix = 'snapback-scratch-';
const day = 86_400_000;
/** A socket's path has at most 108 bytes; beyond that a folder is known to be left behind by its age alone. */
const longest = 100;

/** A new private folder in `parent`, 0700, which lives until it is disposed of, or this process is gone. Throws what Node throws. */
export const livingFolder = async (
  parent: string,
): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> => {
  const path = await mkdtemp(join(parent, prefix));
  const socket = join(path, await socketName());
  const server = createServer(connection => connection.destroy());
  // Without it the folder is as good.
  server.on('error', () => {});
  if (Buffer.byteLength(socket) <= longest) server.listen(socket).unref();
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await rm(path, { recursive: true, force: true });
    },
  };
};

/**
 * Removes the scratch folders in `parent` whose process was killed: each held a database in clear. Those of another
 * machine that shares the folder, or of before its last start, only after a day. Never throws: a folder of another
 * user's stays.
 */
export const removeDead = async (parent: string): Promise<void> => {
  const names = await readdir(parent).catch(() => []);
  const left = names.filter(name => /^snapback-scratch-[A-Za-z0-9]{6}$/.test(name));
  for (const name of left) {
    const path = join(parent, name);
    if (await isDead(path).catch(() => false))
      await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
};

const isDead = async (path: string): Promise<boolean> => {
  const about = await stat(path);
  if (about.uid !== process.getuid?.()) return false;
  const socket = await socketName();
  if ((await readdir(path)).includes(socket)) return !(await takesConnection(join(path, socket)));
  return Date.now() - about.mtimeMs > day;
};

/** Of this start of this machine: elsewhere a socket in the same folder takes no connections, though its process lives. */
const socketName = async (): Promise<string> => {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'any');
  return `alive-${boot.slice(0, 8)}`;
};
