/** The restore of a file that any tool made: read first, for only its bytes say what it is, then planned. */
import { stat } from 'node:fs/promises';
import { from } from '../errors.ts';
import { carryOut, checkRoom, openPlace } from './carry-out.ts';
import type { Context } from './context.ts';
import { programsFor } from './programs.ts';
import { type FileFacts, readFile } from './read-file.ts';
import { checkTarget, neededFor, programOf, type RestorePlan, roomFor, targetOf } from './restore-plan.ts';
import type { RestoreSettings } from './restore-settings.ts';
import { tell } from './restore-warnings.ts';

/** As `restore`. A dry run reads the file too, and puts what it unpacks into the scratch folder alone. */
export const restoreFile = async (settings: RestoreSettings, context: Context): Promise<RestorePlan> => {
  const { dryRun, output, scratch, snapshot } = settings;
  const packed = await sizeOf(snapshot);
  await checkTarget(settings);
  // Before anything is unpacked there.
  const room = await roomFor(settings);
  await using place = await openPlace({ output: dryRun ? null : output, scratch }, packed);
  const facts = await readFile(snapshot, place.file, settings, context);
  const target = targetOf(settings, facts.recorded, facts.recorded?.id ?? '');
  const programs =
    target.kind === 'file'
      ? null
      : await programsFor(
          { object: `file ${snapshot}`, version: facts.etcdVersion },
          'restore',
          settings.programs,
          context.signal,
        );
  const plan: RestorePlan = {
    ...about(snapshot, facts, settings),
    program: programOf(programs),
    target,
    space: { ...room, needed: neededFor(target, facts.size) },
  };
  if (dryRun) return plan;
  tell(plan, context);
  checkRoom(plan.space);
  await carryOut(plan, programs, place.file, context);
  return plan;
};

const sizeOf = async (path: string): Promise<number> => {
  const { size } = await stat(path).catch(error => {
    throw from(error, 'not-found', {
      operation: 'restore',
      object: `file ${path}`,
      reason: 'is not there',
      hint: 'Check the path.',
    });
  });
  return size;
};

const about = (
  path: string,
  { recorded, etcdVersion }: FileFacts,
  { programs }: RestoreSettings,
): Omit<RestorePlan, 'program' | 'target' | 'space'> => ({
  snapshot: path,
  taken: recorded?.taken.started ?? null,
  etcdVersion: etcdVersion ?? programs.etcdVersion,
  verified: false,
  passedOver: [],
  newestVerified: null,
});
