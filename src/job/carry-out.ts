/** The real run of a restore: the snapshot is unpacked aside, and gets its name when it is whole. */
import { randomBytes } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { from } from '../errors.ts';
import { fileTrouble } from '../file-trouble.ts';
import type { Programs } from '../programs/find.ts';
import { restoreDataDir } from '../programs/restore.ts';
import type { Context } from './context.ts';
import type { RestorePlan } from './restore-plan.ts';
import { needRoom, openScratch } from './scratch.ts';

/** Where etcd's own file is unpacked; what is there is gone when it is disposed of. */
export type Place = { file: string; [Symbol.asyncDispose](): Promise<void> };

/**
 * A private folder with room for `size` bytes; or, for a file that is to become `output`, beside it, from where it needs
 * no second copy. Throws `usage` or `failed` where there is no such folder or no room.
 */
export const openPlace = async (
  { output, scratch }: { output: string | null; scratch: string | null },
  size: number,
): Promise<Place> => {
  if (output !== null) {
    const part = join(dirname(output), `.${basename(output)}.${randomBytes(4).toString('hex')}.part`);
    // Where the part could not even be begun, its removal says nothing new.
    return { file: part, [Symbol.asyncDispose]: () => rm(part, { force: true }).catch(() => {}) };
  }
  const folder = await openScratch(scratch, size);
  return {
    file: join(folder.path, 'snapshot.db'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
};

/**
 * Makes what the plan says of `file`, which is whole and compared with its hash. Throws `refused` where something is
 * there meanwhile, what `restoreDataDir` throws, or the signal's reason; then nothing that looks finished is there.
 */
export const carryOut = async (
  plan: RestorePlan,
  programs: Programs | null,
  file: string,
  { signal, notify }: Context,
): Promise<void> => {
  if (plan.target.kind === 'file') {
    await nameFile(file, plan.target.file);
    return;
  }
  if (programs === null) return;
  notify({ kind: 'step', label: 'restore', text: `${plan.program?.name} makes ${plan.target.dataDir}` });
  await restoreDataDir(programs, {
    ...plan.target,
    file,
    // The hash of these very bytes was compared on their way into the file.
    skipHashCheck: true,
    bumpRevision: null,
    signal,
  });
};

/** A name that is taken meanwhile stays as it is. */
const nameFile = async (file: string, target: string): Promise<void> => {
  try {
    await link(file, target);
    await using folder = await open(dirname(target));
    await folder.sync();
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw from(error, taken ? 'refused' : 'failed', {
      operation: 'write the file',
      object: `file ${target}`,
      reason: taken ? 'is there already' : fileTrouble(error),
      hint: 'Name another file: nothing is ever overwritten.',
    });
  }
};

/** Throws `failed` where the plan needs more room than there was when it was made. */
export const checkRoom = (space: RestorePlan['space']): void =>
  needRoom(space, 'Make room there, or restore onto another disk.');
