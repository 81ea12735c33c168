/** A file that any tool made, read through or drilled; nothing is recorded: there is nothing to record it beside. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SnapbackError } from '../errors.ts';
import { size } from '../figures.ts';
import type { Programs } from '../programs/find.ts';
import { collector, finding, recovery } from './checks.ts';
import { type Ahead, checkContent, readAhead } from './content.ts';
import type { Context } from './context.ts';
import { drill } from './drill.ts';
import { type Counts, countExpected } from './expectation-counts.ts';
import { compareExpectations, expectationLines } from './expectations.ts';
import { checkSize, compareTrailer } from './file-trailer.ts';
import { programsFor, rehearsalOn } from './programs.ts';
import { bareSize, type FileFacts, lookInto, readFile } from './read-file.ts';
import { checkSpace, openScratch, spaceForContent, spaceForDrill, spaceForKeys } from './scratch.ts';
import { unsignedFile } from './signing.ts';
import type { Verification, VerifySettings } from './verify-settings.ts';

/** Throws `usage` where nobody says which version of etcd it is of. */
export const verifyFile = async (
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
      hint: 'With --level content it is read through, without --level it is restored too.',
    });
  const started = new Date();
  const checks = collector(context);
  const unknown = { cluster: null, taken: null, etcdVersion: null, plainSize: null };
  context.notify({ kind: 'snapshot', snapshot: path, ...unknown });
  for (const warning of unsignedFile(path, settings.store)) context.log.warn(warning);
  const { skipHashCheck, level } = settings;
  await using scratch = await openScratch(settings.scratch, await spaceFor(path, settings));
  using reading = new DisposableStack();
  const read: { facts: FileFacts | null; file: string; ahead: Ahead | null } = {
    facts: null,
    ahead: null,
    file: join(scratch.path, 'snapshot.db'),
  };
  const choose = async ({ etcdVersion }: FileFacts): Promise<Programs | null> =>
    level === 'drill'
      ? programsFor({ object: `file ${path}`, version: etcdVersion }, 'drill', settings.programs, signal)
      : null;
  const subjectIn = (file: string, { recorded }: FileFacts) => ({
    file,
    name: path,
    scratch: scratch.path,
    recorded,
  });
  await finding('file', checks.add, async () => {
    const bare = await lookInto(path, context);
    if (bare) await choose(bare);
    if (bare && !skipHashCheck) checkSize(path, bare.size);
    if (bare && level === 'content') {
      read.ahead = reading.use(readAhead(subjectIn(path, bare), context));
      if (!skipHashCheck) await compareTrailer(path, path, { signal, progress: () => {} });
      read.file = path;
      read.facts = bare;
    } else read.facts = await readFile(path, read.file, settings, context);
    return `${size(read.facts.size)}${skipHashCheck ? '' : ", etcd's SHA-256 matches"}`;
  });
  if (skipHashCheck)
    checks.add({
      name: 'SHA-256',
      status: 'skipped',
      detail: 'not looked at (--skip-hash-check)',
      seconds: null,
    });
  const { facts, file } = read;
  const programs = facts && (await choose(facts));
  const keyspace = facts && (await checkContent(subjectIn(file, facts), checks.add, context, read.ahead));
  let counts: Counts | string = 'its keys could not be read';
  if (keyspace)
    counts = await countExpected(settings.expectations, subjectIn(file, facts), keyspace, context);
  // How large it is shows only when it is unpacked; the copy of it is there already.
  if (keyspace && programs)
    await checkSpace(scratch.path, spaceForDrill(facts.size, settings.members) - facts.size);
  if (keyspace && programs)
    await drill(
      { ...settings, programs, file, size: facts.size, scratch: scratch.path, keyspace },
      checks.add,
      context,
    );
  const found = {
    taken: facts?.recorded?.taken.started ?? null,
    plainSize: facts?.size ?? null,
    manifest: null,
    counts,
    previous: { reason: 'of a file it is not known which snapshot was before it' },
    now: started,
  };
  const expectations = await compareExpectations(settings.expectations, found, context);
  for (const line of expectationLines(expectations)) context.notify({ kind: 'check', ...line });
  const summary = checks.summary(started);
  return {
    snapshot: path,
    cluster: facts?.recorded?.cluster.name ?? null,
    taken: facts?.recorded?.taken.started ?? null,
    etcdVersion: facts?.etcdVersion ?? settings.programs.etcdVersion,
    plainSize: facts?.size ?? null,
    level,
    rehearsal: keyspace ? rehearsalOn(programs, facts.etcdVersion) : null,
    ...summary,
    expectations,
    recoverySeconds: level === 'drill' && summary.pass ? recovery(checks.all) : null,
    programs: { etcd: programs?.versions.etcd ?? null, etcdutl: programs?.versions.etcdutl ?? null },
    verdict: null,
  };
};

/** A database that lies bare is read where it is, but for a drill. */
const spaceFor = async (path: string, { level, members }: VerifySettings): Promise<number> => {
  const packed = sizeOf(path);
  if (level === 'drill') return spaceForDrill(packed, members);
  const bare = await bareSize(path).catch(() => null);
  return bare === null ? spaceForContent(packed) : spaceForKeys(bare);
};

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
