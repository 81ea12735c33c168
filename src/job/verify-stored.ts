/** One snapshot of the store, verified at a level, and the verdict recorded beside it. */

import { join } from 'node:path';
import type { Entry } from '../catalog/listing.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readManifest } from '../catalog/read.ts';
import type { SignKey } from '../catalog/sign-key.ts';
import { type Check, type Verdict, writeVerdict } from '../catalog/verdict.ts';
import { isSnapbackError, type SnapbackError } from '../errors.ts';
import { size as figure } from '../figures.ts';
import type { Programs } from '../programs/find.ts';
import { collector, finding, recovery } from './checks.ts';
import { checkContent } from './content.ts';
import type { Context } from './context.ts';
import { drill } from './drill.ts';
import { needsPrevious } from './expectation.ts';
import { type Counts, countExpected } from './expectation-counts.ts';
import { compareExpectations, expectationLines } from './expectations.ts';
import { fetchSnapshot } from './fetch.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { previousGood } from './previous-good.ts';
import { programsFor, rehearsalOn } from './programs.ts';
import { openScratch, spaceForContent, spaceForDrill } from './scratch.ts';
import { checkObject } from './stored-object.ts';
import { tool } from './tool.ts';
import type { Verification, VerifySettings } from './verify-settings.ts';

export type VerifiedStored = {
  verification: Verification;
  /** Why the verdict could not be written, where it could not: what was found is true all the same. */
  unrecorded: SnapbackError | null;
};

/** A finding is in the value; what says nothing about the snapshot is thrown, and then no verdict is written. */
export const verifyStored = async (
  catalog: OpenCatalog,
  entry: Entry,
  settings: Omit<VerifySettings, 'signKey'> & { signKey: SignKey | null },
  context: Context,
): Promise<VerifiedStored> => {
  const { signal } = context;
  const { store, cluster, lineage, trust } = catalog;
  const started = new Date();
  const { manifest, sha256, signedBy } = await readManifest(store, entry, { lineage, trust, signal });
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
      verification: {
        ...about,
        rehearsal: null,
        pass: null,
        checks: [],
        expectations: [],
        seconds: 0,
        recoverySeconds: null,
        programs: none,
        verdict: null,
      },
      unrecorded: null,
    };
  const { level: _, ...subject } = about;
  context.notify({ kind: 'snapshot', ...subject });
  const checks = collector(context);
  if (signedBy !== null) checks.add({ name: 'signature', status: 'pass', detail: signedBy, seconds: null });
  let programs: Programs | null = null;
  let rehearsal: string | null = null;
  let counts: Counts | string =
    settings.level === 'object' ? 'level object reads no keys' : 'its keys could not be read';
  if (settings.level === 'object') {
    await finding('stored object', checks.add, () => checkObject(store, manifest, context));
  } else {
    const drilled = settings.level === 'drill';
    const object = `snapshot ${entry.id}`;
    programs = drilled
      ? await programsFor({ object, version: manifest.etcd.version }, 'drill', settings.programs, signal)
      : null;
    const { size } = manifest.plain;
    await using scratch = await openScratch(
      settings.scratch,
      drilled ? spaceForDrill(size, settings.members) : spaceForContent(size),
    );
    const file = join(scratch.path, 'snapshot.db');
    const subject = { file, name: object, scratch: scratch.path, recorded: manifest };
    const fetched = await finding('stored object', checks.add, async () => {
      await fetchSnapshot(store, manifest, file, settings.identities, context);
      return `${figure(manifest.object.size)}, hash as recorded`;
    });
    if (fetched) checks.add(contentCheck(manifest));
    const keyspace = fetched && (await checkContent(subject, checks.add, context));
    if (keyspace) counts = await countExpected(settings.expectations, subject, keyspace, context);
    if (keyspace && programs) {
      rehearsal = rehearsalOn(programs, manifest.etcd.version);
      await drill(
        { ...settings, programs, file, size, scratch: scratch.path, keyspace },
        checks.add,
        context,
      );
    }
  }
  const found = {
    ...about,
    manifest,
    counts,
    previous: needsPrevious(settings.expectations)
      ? await previousGood(catalog, entry, settings, context)
      : { reason: 'nobody asked for it' },
    now: started,
  };
  const expectations = await compareExpectations(settings.expectations, found, context);
  for (const line of expectationLines(expectations)) context.notify({ kind: 'check', ...line });
  const verification = {
    ...about,
    rehearsal,
    ...checks.summary(started),
    expectations,
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
    expectations,
  };
  const told = { ...verification, recoverySeconds };
  if (!settings.record || rehearsal !== null)
    return { verification: { ...told, verdict: null }, unrecorded: null };
  try {
    const name = await writeVerdict(store, cluster, verdict, { signKey: settings.signKey, signal });
    return { verification: { ...told, verdict: name }, unrecorded: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!isSnapbackError(error) || error.code !== 'store') throw error;
    return { verification: { ...told, verdict: null }, unrecorded: error };
  }
};

/** All of it was seen while the object was read, and its failures are that check's. */
const contentCheck = ({ object, plain }: Manifest): Check => {
  const how = object.encryption === 'age' ? 'decrypted, ' : '';
  return {
    name: 'content',
    status: 'pass',
    detail: `${how}${figure(plain.size)}, etcd's SHA-256 matches`,
    seconds: null,
  };
};
