/** Makes a member's data directory, or etcd's bare file, from a snapshot: the plan first, then what it says. */

import { randomBytes } from 'node:crypto';
import { link, open, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseCore } from '../catalog/core.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readManifest } from '../catalog/read.ts';
import { selectSnapshot } from '../catalog/select.ts';
import { openForeign } from '../codec/foreign.ts';
import { from, SnapbackError } from '../errors.ts';
import type { Programs } from '../programs/find.ts';
import { restoreDataDir } from '../programs/restore.ts';
import type { Context, Outcome } from './context.ts';
import { fetchFile, fetchSnapshot } from './fetch.ts';
import { type OpenCatalog, openCatalog } from './open-catalog.ts';
import { programsFor } from './programs.ts';
import { type RestorePlan, spaceOf, targetOf } from './restore-plan.ts';
import type { RestoreSettings } from './restore-settings.ts';
import { openScratch } from './scratch.ts';
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
  await using catalog = await openCatalog(settings.store, 'read', context);
  const { manifest, about } = await choose(catalog, settings, signal);
  const target = await targetOf(settings, manifest, manifest.id);
  const programs =
    target.kind === 'file'
      ? null
      : await programsFor(manifest.etcd.version, 'restore', settings.programs, signal);
  const plan: RestorePlan = {
    ...about,
    program: programOf(programs),
    target,
    space: await spaceOf(target, manifest.plain.size),
  };
  if (settings.dryRun) return plan;
  tell(plan, context);
  await carryOut(plan, programs, settings, manifest.plain.size, context, async file => {
    await fetchSnapshot(catalog.store, manifest, file, settings.identities, context);
  });
  return plan;
};

const choose = async (
  { listing, store, lineage }: OpenCatalog,
  settings: RestoreSettings,
  signal: AbortSignal,
): Promise<{ manifest: Manifest; about: Omit<RestorePlan, 'program' | 'target' | 'space'> }> => {
  const { entries } = listing;
  const { entry, passedOver } = selectSnapshot(entries, settings.snapshot, {
    before: settings.before,
    skipBad: true,
  });
  const { manifest } = await readManifest(store, entry, { lineage, signal });
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

const restoreFile = async (settings: RestoreSettings, context: Context): Promise<RestorePlan> => {
  const { signal } = context;
  const path = settings.snapshot;
  const { size } = await stat(path).catch(error => {
    throw from(error, 'not-found', {
      operation: 'restore',
      object: `file ${path}`,
      reason: 'is not there',
      hint: 'Check the path.',
    });
  });
  const core = await coreIn(path, settings, signal);
  const recorded = core === null ? null : (parseCore(core, path) as Manifest);
  const target = await targetOf(settings, recorded, recorded?.id ?? '');
  const programs =
    target.kind === 'file'
      ? null
      : await programsFor(recorded?.etcd.version ?? null, 'restore', settings.programs, signal);
  const plan: RestorePlan = {
    snapshot: path,
    taken: recorded?.taken.started ?? null,
    etcdVersion: recorded?.etcd.version ?? null,
    verified: false,
    passedOver: [],
    newestVerified: null,
    program: programOf(programs),
    target,
    space: await spaceOf(target, recorded?.plain.size ?? size),
  };
  if (settings.dryRun) return plan;
  tell(plan, context);
  await carryOut(plan, programs, settings, size, context, async file => {
    await fetchFile(path, file, settings, context);
  });
  return plan;
};

/** A file of this program says itself what it is, in its last frame; it has to be read to its end for that. */
const coreIn = async (
  path: string,
  { identities }: RestoreSettings,
  signal: AbortSignal,
): Promise<Uint8Array | null> => {
  if (!/\.(zst|age)$/.test(path)) return null;
  const foreign = openForeign(path, { identities, signal });
  for await (const _ of foreign.stream);
  return foreign.core();
};

const carryOut = async (
  plan: RestorePlan,
  programs: Programs | null,
  settings: RestoreSettings,
  size: number,
  context: Context,
  fetch: (file: string) => Promise<void>,
): Promise<void> => {
  if (plan.space.free < plan.space.needed) throw noSpace(plan.space);
  if (plan.target.kind === 'file') {
    await placeFile(plan.target.file, fetch);
    return;
  }
  if (programs === null) return;
  await using scratch = await openScratch(settings.scratch, size);
  const file = join(scratch.path, 'snapshot.db');
  await fetch(file);
  context.notify({
    kind: 'step',
    label: 'restore',
    text: `${plan.program?.name} makes ${plan.target.dataDir}`,
  });
  // The hash of these very bytes was compared on their way into the file.
  await restoreDataDir(programs, {
    ...plan.target,
    file,
    skipHashCheck: true,
    bumpRevision: null,
    signal: context.signal,
  });
};

/** Whole and durable before it has its name; a name that is taken meanwhile stays as it is. */
const placeFile = async (target: string, fetch: (file: string) => Promise<void>): Promise<void> => {
  const part = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.part`);
  try {
    await fetch(part);
    await link(part, target);
    await using folder = await open(dirname(target));
    await folder.sync();
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw from(error, taken ? 'refused' : 'failed', {
      operation: 'write the file',
      object: `file ${target}`,
      ...(taken ? { reason: 'is there already' } : {}),
      hint: 'Name another file: nothing is ever overwritten.',
    });
  } finally {
    await rm(part, { force: true });
  }
};

const programOf = (programs: Programs | null): RestorePlan['program'] => {
  if (programs === null) return null;
  const name = programs.etcdutl === null ? 'etcdctl' : 'etcdutl';
  const path = programs[name];
  return path === null ? null : { name, path, version: programs.versions[name] ?? programs.version };
};

const tell = (plan: RestorePlan, { log }: Context): void => {
  for (const id of plan.passedOver) log.warn(`${id} is newer and bad, so it is passed over`);
  if (!plan.verified)
    log.warn(
      `${plan.snapshot} was never verified${plan.newestVerified ? `; the newest verified one is ${plan.newestVerified.id} (latest-verified)` : ''}`,
    );
};

const noSpace = ({ folder, needed, free }: RestorePlan['space']): SnapbackError =>
  new SnapbackError('failed', {
    operation: 'check the space',
    object: `folder ${folder}`,
    reason: `has ${Math.floor(free / 2 ** 20)} MiB free, and ${Math.ceil(needed / 2 ** 20)} MiB are needed`,
    hint: 'Make room there, or restore onto another disk.',
  });
