/** Whether the scratch folder can be used, and has room for a drill. */
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { size } from '../figures.ts';
import { failedCheck, type MachineCheck } from './doctor-check.ts';
import type { Newest } from './doctor-newest.ts';
import { openScratch, spaceForDrill } from './scratch.ts';

/** A folder that is too small for a drill is a warning, since save needs none; one that cannot be used is a failure. */
export const scratchCheck = async (scratch: string | null, newest: Newest | null): Promise<MachineCheck> => {
  const folder = scratch ?? tmpdir();
  const check = { name: 'scratch', hint: null, mends: null, error: null };
  try {
    await using _ = await openScratch(scratch, 0);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const needed = newest === null ? null : spaceForDrill(newest.size);
    const room = `${folder}: ${size(free)} free`;
    if (needed === null) return { ...check, status: 'pass', detail: room };
    const detail = `${room}, a drill of the newest snapshot needs ${size(needed)}`;
    if (free >= needed) return { ...check, status: 'pass', detail };
    return { ...check, status: 'warning', detail, hint: 'Name a folder on another disk with --scratch DIR.' };
  } catch (error) {
    return failedCheck('scratch', error);
  }
};
