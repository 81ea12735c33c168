/** Whether a running etcd works on a data directory, or on a disk. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The process id of the etcd that has this data directory open; null when there is none, or when it cannot be
 * told. etcd (bbolt) holds a flock on `member/snap/db` as long as it runs, and Linux lists locks in /proc/locks by
 * device and inode; Node itself has no flock. Not seen are an etcd on another system, in another container
 * (the list shows only processes of one's own), or on a file system whose device number differs there (btrfs): so
 * null is no proof, and a restore must refuse whatever is not empty.
 */
export const pidUsing = async (dataDir: string): Promise<number | null> => {
  try {
    const { dev, ino } = await stat(join(dataDir, 'member/snap/db'), { bigint: true });
    const file = `${deviceOf(dev)}:${ino}`;
    return (await locked()).find(lock => lock.file === file)?.pid ?? null;
  } catch {
    // No such database, or no such list on this system.
    return null;
  }
};

/**
 * The process id of an etcd whose database lies on the disk of the folder, seen with the same limits; null where none is
 * seen. etcd syncs each write to its disk, so who writes gigabytes beside it slows it.
 */
export const etcdOnDiskOf = async (folder: string): Promise<number | null> => {
  try {
    const { dev } = await stat(folder, { bigint: true });
    for (const { pid, file } of await locked()) {
      if (!file.startsWith(`${deviceOf(dev)}:`)) continue;
      if ((await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === 'etcd') return pid;
    }
  } catch {
    // No such folder, or no such list on this system.
  }
  return null;
};

/** Who holds a flock on which file, by device and inode. */
const locked = async (): Promise<{ pid: number; file: string }[]> =>
  (await readFile('/proc/locks', 'utf8')).split('\n').flatMap(line => {
    const [, kind, , , pid, file] = line.split(/\s+/);
    return kind === 'FLOCK' && pid && file ? [{ pid: Number(pid), file }] : [];
  });

const deviceOf = (dev: bigint): string => `${hex(major(dev))}:${hex(minor(dev))}`;

/** Two digits at least, as the kernel's `%02x` writes them. */
const hex = (number: bigint): string => number.toString(16).padStart(2, '0');

/** How glibc and musl pack device numbers (`gnu_dev_major` and `gnu_dev_minor`). */
const major = (dev: bigint): bigint => ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
const minor = (dev: bigint): bigint => (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
