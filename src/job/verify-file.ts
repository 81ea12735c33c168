/** A file that any tool made, drilled; nothing is recorded, since there is nothing to record it beside. */

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { SnapbackError } from '../errors.ts';
import { size } from '../figures.ts';
import type { Programs } from '../programs/find.ts';
import { collector, finding, recovery } from './checks.ts';
import type { Context } from './context.ts';
import { drill } from './drill.ts';
import { programsFor } from './programs.ts';
import { type FileFacts, lookInto, readFile } from './read-file.ts';
import { openScratch, spaceForDrill } from './scratch.ts';
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
      hint: 'Leave --level out: a drill restores it.',
    });
  const started = new Date();
  const checks = collector(context);
  const unknown = { cluster: null, taken: null, etcdVersion: null, plainSize: null };
  context.notify({ kind: 'snapshot', snapshot: path, ...unknown });
  for (const warning of unsignedFile(path, settings.store)) context.log.warn(warning);
  const packed = sizeOf(path);
  await using scratch = await openScratch(settings.scratch, spaceForDrill(packed));
  const file = join(scratch.path, 'snapshot.db');
  const read: { facts: FileFacts | null } = { facts: null };
  const choose = ({ etcdVersion }: FileFacts) =>
    programsFor({ object: `file ${path}`, version: etcdVersion }, 'drill', settings.programs, signal);
  await finding('file', checks.add, async () => {
    const seen = await lookInto(path, context);
    if (seen) await choose(seen);
    read.facts = await readFile(path, file, settings, context);
    return settings.skipHashCheck
      ? `${size(read.facts.size)}, SHA-256 not looked at (--skip-hash-check)`
      : `${size(read.facts.size)}, etcd's SHA-256 matches`;
  });
  const { facts } = read;
  let programs: Programs | null = null;
  if (facts) {
    programs = await choose(facts);
    await drill(
      {
        ...settings,
        programs,
        file,
        size: facts.size,
        scratch: scratch.path,
        recorded: facts.recorded,
      },
      checks.add,
      context,
    );
  }
  const summary = checks.summary(started);
  return {
    snapshot: path,
    cluster: facts?.recorded?.cluster.name ?? null,
    taken: facts?.recorded?.taken.started ?? null,
    etcdVersion: facts?.etcdVersion ?? settings.programs.etcdVersion,
    plainSize: facts?.size ?? null,
    level: 'drill',
    ...summary,
    recoverySeconds: summary.pass ? recovery(checks.all) : null,
    programs: { etcd: programs?.versions.etcd ?? null, etcdutl: programs?.versions.etcdutl ?? null },
    verdict: null,
  };
};

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
