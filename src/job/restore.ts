/** Makes a member's data directory, or etcd's bare file, from a snapshot: the plan first, then what it says. */
import type { Manifest } from '../catalog/manifest.ts';
import { readManifest } from '../catalog/read.ts';
import { selectSnapshot } from '../catalog/select.ts';
import { carryOut, checkRoom, openPlace } from './carry-out.ts';
import type { Context, Outcome } from './context.ts';
import { fetchSnapshot } from './fetch.ts';
import { type OpenCatalog, openCatalog } from './open-catalog.ts';
import { programsFor } from './programs.ts';
import { restoreFile } from './restore-file.ts';
import { checkTarget, neededFor, programOf, type RestorePlan, roomFor, targetOf } from './restore-plan.ts';
import type { RestoreSettings } from './restore-settings.ts';
import { tell } from './restore-warnings.ts';
import { isFile } from './snapshot-argument.ts';

export type RestoreResult = { plan: RestorePlan; done: boolean; seconds: number };

/**
 * Throws `not-found`, `usage`, `refused` (something is there, or it is in use), `integrity` (not what was recorded),
 * `missing-program`, `failed` (no space), `store`, or the signal's reason; then no data directory that looks finished
 * and no file is there. Nothing is ever overwritten or deleted.
 */
export const restore = async (
  settings: RestoreSettings,
  context: Context,
): Promise<Outcome<RestoreResult>> => {
  const begun = performance.now();
  const run = isFile(settings.snapshot) ? restoreFile : restoreStored;
  const plan = await run(settings, context);
  const seconds = (performance.now() - begun) / 1000;
  return { result: { plan, done: !settings.dryRun, seconds }, error: null };
};

const restoreStored = async (settings: RestoreSettings, context: Context): Promise<RestorePlan> => {
  const { signal } = context;
  const { snapshot, before } = settings;
  const question = { snapshots: [snapshot], before, skipBad: true, newestVerified: 'any' as const };
  await using catalog = await openCatalog(settings.store, 'read', context, question);
  const { manifest, about } = await choose(catalog, settings, signal);
  await checkTarget(settings);
  const target = targetOf(settings, manifest, manifest.id);
  const programs =
    target.kind === 'file'
      ? null
      : await programsFor(
          { object: `snapshot ${manifest.id}`, version: manifest.etcd.version },
          'restore',
          settings.programs,
          signal,
        );
  const plan: RestorePlan = {
    ...about,
    program: programOf(programs),
    target,
    space: { ...(await roomFor(settings)), needed: neededFor(target, manifest.plain.size) },
  };
  if (settings.dryRun) return plan;
  tell(plan, context);
  checkRoom(plan.space);
  await using place = await openPlace(settings, manifest.plain.size);
  await fetchSnapshot(catalog.store, manifest, place.file, settings.identities, context);
  await carryOut(plan, programs, place.file, context);
  return plan;
};

const choose = async (
  { listing, store, lineage, trust }: OpenCatalog,
  settings: RestoreSettings,
  signal: AbortSignal,
): Promise<{ manifest: Manifest; about: Omit<RestorePlan, 'program' | 'target' | 'space'> }> => {
  const { entries } = listing;
  const { entry, passedOver } = selectSnapshot(entries, settings.snapshot, {
    before: settings.before,
    skipBad: true,
  });
  const { manifest } = await readManifest(store, entry, { lineage, trust, signal });
  const best = entries.find(({ verified, bad }) => verified && !bad);
  return {
    manifest,
    about: {
      snapshot: entry.id,
      taken: manifest.taken.started,
      etcdVersion: manifest.etcd.version,
      verified: entry.verified !== null && !entry.bad,
      passedOver: passedOver.map(({ id }) => id),
      newestVerified: best && best.id !== entry.id ? { id: best.id, at: best.started.toISOString() } : null,
    },
  };
};
