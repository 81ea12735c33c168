/** Proves that snapshots restore, one after the other, and records what was found beside each. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseCore } from '../catalog/core.ts';
import type { Entry } from '../catalog/listing.ts';
import type { Level } from '../catalog/names.ts';
import { readManifest } from '../catalog/read.ts';
import { selectSnapshot } from '../catalog/select.ts';
import { type Check, type Verdict, writeVerdict } from '../catalog/verdict.ts';
import { from, isSnapbackError, SnapbackError } from '../errors.ts';
import type { Programs } from '../programs/find.ts';
import type { Secret } from '../secret.ts';
import type { Context, Outcome } from './context.ts';
import { type DrillSettings, drill } from './drill.ts';
import { fetchFile, fetchSnapshot } from './fetch.ts';
import { type OpenCatalog, openCatalog } from './open-catalog.ts';
import { programsFor } from './programs.ts';
import { openScratch } from './scratch.ts';
import type { ProgramSettings, StoreSettings } from './settings.ts';
import { isFile } from './snapshot-argument.ts';
import { checkObject } from './stored-object.ts';
import { tool } from './tool.ts';
import { worst } from './worst.ts';

export type VerifySettings = {
  store: StoreSettings;
  programs: ProgramSettings;
  /** Selectors or paths; none means latest. */
  snapshots: string[];
  before: Date | null;
  level: 'object' | 'content' | 'drill';
  identities: Secret[];
  scratch: string | null;
  record: boolean;
  skipVerified: boolean;
  skipHashCheck: boolean;
  user: string | null;
  password: Secret | null;
  dialTimeout: number;
  idleTimeout: number;
};

export type Verification = {
  /** An id, or the path of a file. */
  snapshot: string;
  cluster: string | null;
  taken: string | null;
  etcdVersion: string | null;
  plainSize: number | null;
  level: Level;
  /** Null when it was passed over. */
  pass: boolean | null;
  checks: Check[];
  seconds: number;
  recoverySeconds: number | null;
  programs: { etcd: string | null; etcdutl: string | null };
  /** The name of the verdict in the store; null when none was written. */
  verdict: string | null;
};

export type VerifyResult = {
  verifications: Verification[];
  newestVerified: { id: string; at: string } | null;
};

/**
 * Goes through all of them. A snapshot that is not good makes the outcome's error `integrity`; what says nothing about
 * a snapshot (a missing key or program, a full scratch, the signal) is thrown, and no verdict is written for it.
 */
export const verify = async (settings: VerifySettings, context: Context): Promise<Outcome<VerifyResult>> => {
  if (settings.level === 'content') throw noContent();
  const wanted = settings.snapshots.length === 0 ? ['latest'] : settings.snapshots;
  const verifications: Verification[] = [];
  const errors: SnapbackError[] = [];
  const files = wanted.filter(isFile);
  for (const path of files) verifications.push(await verifyFile(path, settings, context));
  const selectors = wanted.filter(one => !isFile(one));
  let newestVerified: VerifyResult['newestVerified'] = null;
  if (selectors.length > 0) {
    await using catalog = await openCatalog(settings.store, 'read', context);
    const { entries } = catalog.listing;
    const chosen = selectors.map(one => selectSnapshot(entries, one, { before: settings.before }).entry);
    for (const entry of new Set(chosen)) {
      try {
        verifications.push(await verifyStored(catalog, entry, settings, context));
      } catch (error) {
        context.signal.throwIfAborted();
        if (chosen.length === 1) throw error;
        const known = from(error, 'failed', { operation: 'verify', object: `snapshot ${entry.id}` });
        context.log.error(`${entry.id}: ${known.object} ${known.reason}`);
        errors.push(known);
      }
    }
    const good = entries.find(
      ({ verified, bad, id }) => verified && !bad && !verifications.some(one => one.snapshot === id),
    );
    newestVerified = good ? { id: good.id, at: good.started.toISOString() } : null;
  }
  for (const one of verifications) if (one.pass === false) errors.push(notGood(one));
  return { result: { verifications, newestVerified }, error: worst(errors) };
};

const verifyStored = async (
  { store, cluster, lineage }: OpenCatalog,
  entry: Entry,
  settings: VerifySettings,
  context: Context,
): Promise<Verification> => {
  const { signal } = context;
  const started = new Date();
  const { manifest, sha256 } = await readManifest(store, entry, { lineage, signal });
  const about = {
    snapshot: entry.id,
    cluster,
    taken: manifest.taken.started,
    etcdVersion: manifest.etcd.version,
    plainSize: manifest.plain.size,
    level: settings.level,
  };
  const none = { etcd: null, etcdutl: null };
  if (settings.skipVerified && entry.verified && !entry.bad)
    return {
      ...about,
      pass: null,
      checks: [],
      seconds: 0,
      recoverySeconds: null,
      programs: none,
      verdict: null,
    };
  const checks = collector(context);
  let programs: Programs | null = null;
  if (settings.level === 'object') {
    await finding('stored object', checks.add, () => checkObject(store, manifest, context));
  } else {
    if (manifest.etcd.authEnabled && settings.user === null) throw needsUser(entry.id);
    programs = await programsFor(manifest.etcd.version, 'drill', settings.programs, signal);
    await using scratch = await openScratch(settings.scratch, spaceFor(manifest.plain.size));
    const file = join(scratch.path, 'snapshot.db');
    const fetched = await finding('stored object', checks.add, async () => {
      await fetchSnapshot(store, manifest, file, settings.identities, context);
      const how = manifest.object.encryption === 'age' ? 'decrypted, ' : '';
      return `${how}hashes as recorded, etcd's SHA-256 matches`;
    });
    if (fetched)
      await drill(
        drillOf(settings, programs, file, manifest.plain.size, scratch.path, manifest),
        checks.add,
        context,
      );
  }
  const verification = {
    ...about,
    ...checks.summary(started),
    programs: { etcd: programs?.versions.etcd ?? null, etcdutl: programs?.versions.etcdutl ?? null },
  };
  const recoverySeconds = settings.level === 'drill' && verification.pass ? recovery(checks.all) : null;
  const verdict: Verdict = {
    format: 1,
    kind: 'verdict',
    snapshot: entry.id,
    manifest: sha256,
    level: settings.level,
    pass: verification.pass,
    started: started.toISOString(),
    seconds: verification.seconds,
    recoverySeconds,
    tool,
    programs: verification.programs,
    checks: checks.all,
    expectations: [],
  };
  const name = settings.record ? await writeVerdict(store, cluster, verdict, { signal }) : null;
  return { ...verification, recoverySeconds, verdict: name };
};

const verifyFile = async (
  path: string,
  settings: VerifySettings,
  context: Context,
): Promise<Verification> => {
  const { signal } = context;
  if (settings.level === 'object')
    throw new SnapbackError('usage', {
      operation: 'verify',
      object: `file ${path}`,
      reason: 'has no manifest to compare it with',
      hint: 'Leave --level out: a drill restores it.',
    });
  const started = new Date();
  const checks = collector(context);
  const packed = sizeOf(path);
  await using scratch = await openScratch(settings.scratch, spaceFor(packed));
  const file = join(scratch.path, 'snapshot.db');
  let core: Uint8Array | null = null;
  let size = 0;
  const fetched = await finding('file', checks.add, async () => {
    ({ core, size } = await fetchFile(path, file, settings, context));
    return settings.skipHashCheck
      ? "read; etcd's SHA-256 was not looked at (--skip-hash-check)"
      : "etcd's SHA-256 matches";
  });
  const recorded = core === null ? null : parseCore(core, path);
  let programs: Programs | null = null;
  if (fetched) {
    programs = await programsFor(recorded?.etcd.version ?? null, 'drill', settings.programs, signal);
    await drill(drillOf(settings, programs, file, size, scratch.path, recorded), checks.add, context);
  }
  const summary = checks.summary(started);
  return {
    snapshot: path,
    cluster: recorded?.cluster.name ?? null,
    taken: recorded?.taken.started ?? null,
    etcdVersion: recorded?.etcd.version ?? programs?.version ?? null,
    plainSize: fetched ? size : null,
    level: 'drill',
    ...summary,
    recoverySeconds: summary.pass ? recovery(checks.all) : null,
    programs: { etcd: programs?.versions.etcd ?? null, etcdutl: programs?.versions.etcdutl ?? null },
    verdict: null,
  };
};

const drillOf = (
  settings: VerifySettings,
  programs: Programs,
  file: string,
  size: number,
  scratch: string,
  recorded: DrillSettings['recorded'],
): DrillSettings => {
  const { user, password, dialTimeout, idleTimeout } = settings;
  return { programs, file, size, scratch, user, password, dialTimeout, idleTimeout, recorded };
};

/** About three times the database: the file, the restored copy and room to grow; and etcd's preallocated log. */
const spaceFor = (size: number): number => 3 * size + 200 * 1024 * 1024;

const collector = ({ notify }: Context) => {
  const all: Check[] = [];
  return {
    all,
    add: (check: Check) => {
      all.push(check);
      notify({ kind: 'check', ...check });
    },
    summary: (started: Date) => ({
      pass: all.every(({ status }) => status !== 'fail'),
      checks: all,
      seconds: (Date.now() - started.getTime()) / 1000,
    }),
  };
};

/** Runs a check whose `integrity` error is a finding; everything else is thrown. */
const finding = async (
  name: string,
  add: (check: Check) => void,
  run: () => Promise<string>,
): Promise<boolean> => {
  const begun = performance.now();
  try {
    const detail = await run();
    add({ name, status: 'pass', detail, seconds: (performance.now() - begun) / 1000 });
    return true;
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'integrity') throw error;
    add({
      name,
      status: 'fail',
      detail: `${error.object} ${error.reason}`,
      seconds: (performance.now() - begun) / 1000,
    });
    return false;
  }
};

/** What a real restore has too: fetching, restoring, booting. */
const recovery = (checks: Check[]): number =>
  checks
    .filter(({ name }) => ['stored object', 'file', 'restored', 'etcd started'].includes(name))
    .reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);

const notGood = (one: Verification): SnapbackError => {
  const failed = one.checks.find(({ status }) => status === 'fail');
  return new SnapbackError('integrity', {
    operation: 'verify',
    object: one.cluster === null ? `file ${one.snapshot}` : `snapshot ${one.snapshot}`,
    reason: `is not restorable: ${failed?.detail ?? 'a check failed'}`,
    hint: 'Take a new snapshot, and restore from another one until then: snapback list shows which are verified.',
  });
};

const noContent = (): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'verify',
    object: '--level content',
    reason: 'is not there yet: this version cannot read a database without etcd',
    hint: 'Use --level object, or the drill, which proves more.',
  });

const needsUser = (id: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'verify',
    object: `snapshot ${id}`,
    reason: 'has authentication enabled, so the restored etcd will want its root user',
    hint: 'Give the root user of the cluster that was saved: --user root --password-file FILE. --level object needs none.',
  });

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
