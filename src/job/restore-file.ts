/** The restore of a file that any tool made: read first, for only its bytes say what it is, then planned. */
import { stat } from 'node:fs/promises';
import { from } from '../errors.ts';
import type { Programs } from '../programs/find.ts';
import { carryOut, checkRoom, openPlace } from './carry-out.ts';
import type { Context } from './context.ts';
import { programsFor } from './programs.ts';
import { type FileFacts, lookInto, readFile } from './read-file.ts';
import { checkTarget, neededFor, programOf, type RestorePlan, roomFor, targetOf } from './restore-plan.ts';
import type { RestoreSettings } from './restore-settings.ts';
import { tell } from './restore-warnings.ts';
import { unsignedFile } from './signing.ts';

/** As `restore`. A dry run reads the file too, and puts what it unpacks into the scratch folder alone. */
export const restoreFile = async (settings: RestoreSettings, context: Context): Promise<RestorePlan> => {
  const { dryRun, output, scratch, snapshot } = settings;
  const packed = await sizeOf(snapshot);
  for (const warning of unsignedFile(snapshot, settings.store)) context.log.warn(warning);
  await checkTarget(settings);
  // Before anything is unpacked there.
  const room = await roomFor(settings);
  const seen = await lookInto(snapshot, context);
  // What stands in the way of it is said before a large file is copied.
  const early = seen && (await planOf(seen, settings, room, context)).plan;
  if (early && !dryRun) checkRoom(early.space);
  await using place = await openPlace({ output: dryRun ? null : output, scratch }, packed);
  const facts = await readFile(snapshot, place.file, settings, context);
  const { plan, programs } = await planOf(facts, settings, room, context);
  if (dryRun) return plan;
  tell(plan, context);
  checkRoom(plan.space);
  await carryOut(plan, programs, place.file, context);
  return plan;
};

const planOf = async (
  { recorded, size, etcdVersion }: FileFacts,
  settings: RestoreSettings,
  room: Pick<RestorePlan['space'], 'folder' | 'free'>,
  { signal }: Context,
): Promise<{ plan: RestorePlan; programs: Programs | null }> => {
  const { snapshot } = settings;
  const target = targetOf(settings, recorded, recorded?.id ?? '');
  const of = { object: `file ${snapshot}`, version: etcdVersion };
  const programs =
    target.kind === 'file' ? null : await programsFor(of, 'restore', settings.programs, signal);
  const plan: RestorePlan = {
    snapshot,
    taken: recorded?.taken.started ?? null,
    etcdVersion: etcdVersion ?? settings.programs.etcdVersion,
    verified: false,
    passedOver: [],
    newestVerified: null,
    program: programOf(programs),
    target,
    space: { ...room, needed: neededFor(target, size) },
  };
  return { plan, programs };
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
