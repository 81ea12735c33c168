/** The ways to take a snapshot that `npm run bench -- save` compares, with a folder as the target. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Step } from './measure.ts';
import { snapback } from './snapback.ts';
import type { Source } from './source.ts';

/** `steps` writes everything below `folder`, which is empty; `rival` is the name of the way that it is held against. */
export type Way = { name: string; rival: string | null; steps(folder: string): Step[] };

/** Where all ways write: what one run stored, in bytes, which is then removed. */
export type Target = { ways: Way[]; storedBytes(folder: string): Promise<number> };

export const etcdctlSave = (source: Source, file: string): Step => ({
  program: source.etcdctl,
  args: [...source.flags, 'snapshot', 'save', file],
});

/** `age` is the program's path; without it the rows that need it are left out. */
export const folderTarget = async (source: Source, age: string | null): Promise<Target> => ({
  ways: await waysOf(source, age),
  storedBytes: largestFile,
});

const waysOf = async (source: Source, age: string | null): Promise<Way[]> => {
  const save = (folder: string): Step => etcdctlSave(source, join(folder, 'x.db'));
  const ways: Way[] = [
    { name: 'etcdctl', rival: null, steps: folder => [save(folder)] },
    {
      name: 'snapback save',
      rival: 'etcdctl',
      steps: folder => [snapback('save', '--store', folder, ...source.flags)],
    },
  ];
  if (age === null) return ways;
  const recipient = await identityToRecipient(await generateX25519Identity());
  const packed = (folder: string): Step[] => [
    save(folder),
    { program: 'zstd', args: ['-1', '-q', join(folder, 'x.db')] },
    { program: 'rm', args: [join(folder, 'x.db')] },
    {
      program: age,
      args: ['-r', recipient, '-o', join(folder, 'x.db.zst.age'), join(folder, 'x.db.zst')],
    },
    { program: 'rm', args: [join(folder, 'x.db.zst')] },
  ];
  return [
    ...ways,
    { name: 'etcdctl, zstd, age', rival: null, steps: packed },
    {
      name: 'snapback save --recipient',
      rival: 'etcdctl, zstd, age',
      steps: folder => [snapback('save', '--store', folder, '--recipient', recipient, ...source.flags)],
    },
  ];
};

const largestFile = async (folder: string): Promise<number> => {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(it => it.isFile());
  const sizes = await Promise.all(files.map(async it => (await stat(join(it.parentPath, it.name))).size));
  return Math.max(0, ...sizes);
};
