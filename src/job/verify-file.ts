/** A file that any tool made, drilled; nothing is recorded, since there is nothing to record it beside. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseCore } from '../catalog/core.ts';
import { SnapbackError } from '../errors.ts';
import type { Programs } from '../programs/find.ts';
import { collector, finding, recovery } from './checks.ts';
import type { Context } from './context.ts';
import { drill } from './drill.ts';
import { fetchFile } from './fetch.ts';
import { programsFor } from './programs.ts';
import { openScratch, spaceForDrill } from './scratch.ts';
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
  const packed = sizeOf(path);
  await using scratch = await openScratch(settings.scratch, spaceForDrill(packed));
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
    await drill(
      { ...settings, programs, file, size: size, scratch: scratch.path, recorded: recorded },
      checks.add,
      context,
    );
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

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
