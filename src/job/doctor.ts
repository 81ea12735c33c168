/** Tries what the other commands need: the store, etcd's programs, the space; says what is wrong, and what mends it. */
import { checkClusterName } from '../catalog/names.ts';
import { trustOf } from '../catalog/trust-key.ts';
import { SnapbackError } from '../errors.ts';
import { mendLocation } from '../store/location.ts';
import { openStore } from '../store/open.ts';
import type { Examined } from '../store/store.ts';
import type { Context, Outcome } from './context.ts';
import { newConfig, writeConfig } from './doctor-config.ts';
import { newestSnapshot } from './doctor-newest.ts';
import { programsCheck } from './doctor-programs.ts';
import { scratchCheck } from './doctor-space.ts';
import { examineStore } from './doctor-store.ts';
import type { ProgramSettings, StoreSettings } from './settings.ts';
import { worst } from './worst.ts';

export type DoctorSettings = {
  store: StoreSettings;
  programs: ProgramSettings;
  scratch: string | null;
  /** Where to write the settings that work, and those that were given, by their long flag; null for not at all. */
  config: { file: string; given: Record<string, string[]> } | null;
};

/** A check of the store, or of this machine. */
export type DoctorCheck = Examined & { part: 'store' | 'machine' };

export type DoctorResult = {
  store: string;
  cluster: string;
  checks: DoctorCheck[];
  /** What to give beside what was given, by long flag: with it the checks went on. */
  mends: Record<string, string>;
  problems: number;
  warnings: number;
  /** Why it was not written, null where it was; null where none was asked for. */
  config: { file: string; problem: string | null } | null;
};

/** Throws `usage` for a location or a name that is none and for a trusted key that cannot be used, and `refused` for a config file that is there. */
export const doctor = async (settings: DoctorSettings, context: Context): Promise<Outcome<DoctorResult>> => {
  const { cluster } = settings.store;
  checkClusterName(cluster);
  const trust = trustOf(settings.store.trustKeys);
  if (settings.config) await newConfig(settings.config.file);
  await using store = await openStore(settings.store, context);
  const ofStore = await examineStore(store, cluster, context);
  const reached = ofStore.every(
    ({ status, name }) => status === 'pass' || !['reached', 'folder'].includes(name),
  );
  const newest = reached ? await newestSnapshot(store, cluster, { trust, signal: context.signal }) : null;
  const ofMachine = [
    await programsCheck(settings.programs, newest, context.signal),
    await scratchCheck(settings.scratch, newest),
  ];
  const checks: DoctorCheck[] = [
    ...ofStore.map(check => ({ part: 'store' as const, ...check })),
    ...ofMachine.map(({ error: _, ...check }) => ({ part: 'machine' as const, ...check })),
  ];
  const mends = mendLocation(
    settings.store.store,
    Object.assign({}, ...ofStore.map(check => check.mends ?? {})),
  );
  const works = ofStore.every(({ status, mends }) => status !== 'fail' || mends !== null);
  const unwritten = settings.config && works ? await writeConfig(settings.config, mends) : null;
  const count = (status: Examined['status']) => checks.filter(check => check.status === status).length;
  return {
    result: {
      store: store.location,
      cluster,
      checks,
      mends,
      problems: count('fail'),
      warnings: count('warning'),
      config: settings.config && {
        file: settings.config.file,
        problem: works ? (unwritten?.reason ?? null) : 'is not written: the store does not work',
      },
    },
    error: worst([
      ...ofStore.filter(({ status }) => status === 'fail').map(check => storeError(store.location, check)),
      ...ofMachine.flatMap(({ error }) => error ?? []),
      ...(unwritten ? [unwritten] : []),
    ]),
  };
};

const storeError = (location: string, { name, detail, hint }: Examined): SnapbackError =>
  new SnapbackError('store', {
    operation: 'examine the store',
    object: location,
    reason: `fails at ${name}: ${detail}`,
    ...(hint === null ? {} : { hint }),
  });
