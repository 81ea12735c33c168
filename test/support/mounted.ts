/**
 * Small and read-only file systems for the commands that are run through them. They live in a mount namespace that ends
 * with its holder, and the holder ends with this process: whatever happens, nothing stays mounted.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

export type Mounted = {
  /** What to put before the words of a command that is to see the mounts. */
  through: string[];
  /** Where this process finds what lies at `path` there. */
  inside(path: string): string;
  /** Runs a command of the system there; rejects unless it ends with 0. */
  run(program: string, ...args: string[]): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

const root = process.getuid?.() === 0;
const own = root ? ['--mount'] : ['--user', '--map-root-user', '--mount'];

/**
 * True where this user may mount in a namespace of its own. Where not, it throws on CI and gives false on a
 * developer's machine: the test then skips, with the word that is printed here.
 */
export const needMounts = async (): Promise<boolean> => {
  try {
    await using mounts = await mounted('mount -t tmpfs tmpfs "$1"', '/mnt');
    return mounts.through.length > 0;
  } catch (error) {
    if (process.env.CI) throw error;
    process.stderr.write('skipped: nothing can be mounted here, so no disk can be full or read-only\n');
    return false;
  }
};

/** Runs `script` (sh) in a new namespace, `path` as its `$1`, and keeps what it mounted until it is disposed. */
export const mounted = async (script: string, path: string): Promise<Mounted> => {
  const words = [
    ...own,
    '--propagation',
    'private',
    'sh',
    '-ec',
    `${script}\necho ready\nexec cat`,
    'sh',
    path,
  ];
  const holder = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'close').then(([code]) => code);
  const [how] = await Promise.race([once(holder.stdout, 'data').then(() => ['ready']), ended.then(c => [c])]);
  if (how !== 'ready') throw new Error(`nothing was mounted (${how}): ${script}`);
  const enter = root
    ? ['--mount', '--target', `${holder.pid}`, '--']
    : ['--user', '--preserve-credentials', '--mount', '--target', `${holder.pid}`, '--'];
  return {
    through: ['nsenter', ...enter],
    inside: inner => `/proc/${holder.pid}/root${inner}`,
    run: async (program, ...args) => {
      await promisify(execFile)('nsenter', [...enter, program, ...args]);
    },
    [Symbol.asyncDispose]: async () => {
      holder.stdin.end();
      await ended;
    },
  };
};
