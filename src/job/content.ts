/** The database in a snapshot file, read through without etcd, and compared with what was recorded of the living one. */

import { ask } from '../bolt/ask.ts';
import type { Keyspace } from '../bolt/keyspace.ts';
import type { Check } from '../catalog/verdict.ts';
import { SnapbackError } from '../errors.ts';
import { count } from '../figures.ts';
import { finding } from './checks.ts';
import type { Context } from './context.ts';
import type { Recorded } from './drill-settings.ts';

export type ContentSubject = {
  /** etcd's own file, with its trailer or without. */
  file: string;
  /** The snapshot as a person knows it. */
  name: string;
  /** A private folder. */
  scratch: string;
  /** What was recorded; null for a file that nobody recorded anything of. */
  recorded: Recorded | null;
};

/**
 * `add` is given the checks as they end. Gives what is in the database, null where one of them failed. Throws what says
 * nothing about the snapshot: `failed` for a full scratch or a disk that does not read, the signal's reason.
 */
export const checkContent = async (
  subject: ContentSubject,
  add: (check: Check) => void,
  context: Pick<Context, 'signal' | 'progress'>,
  ahead: Ahead | null = null,
): Promise<Keyspace | null> => {
  const { recorded, name } = subject;
  const read: { keyspace: Keyspace | null } = { keyspace: null };
  const whole = await finding('database', add, async () => {
    const keyspace = await (ahead?.keyspace ?? readThrough(subject, context));
    const least = recorded
      ? Math.max(recorded.etcd.revisionBefore ?? 0, recorded.fingerprint?.revision ?? 0)
      : 0;
    if (keyspace.revision < least) throw tooOld(name, keyspace.revision, least);
    read.keyspace = keyspace;
    const { pages, revision, keys } = keyspace;
    return `${count(pages)} pages, revision ${count(revision)}, ${count(keys)} keys`;
  });
  if (!whole || !read.keyspace) return null;
  const same = sameAsLiving(read.keyspace, recorded);
  add({ name: 'same as living', seconds: null, ...same });
  return same.status === 'fail' ? null : read.keyspace;
};

/** A database that is being read; disposed of, it is read no further. */
export type Ahead = { keyspace: Promise<Keyspace>; [Symbol.dispose](): void };

/** Begins to read it, on a thread of its own, while its hash is computed here; what comes of it is told when it is asked for. */
export const readAhead = (
  subject: ContentSubject,
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
): Ahead => {
  const given = new AbortController();
  const keyspace = readThrough(subject, { signal: AbortSignal.any([signal, given.signal]), progress });
  keyspace.catch(() => {});
  return { keyspace, [Symbol.dispose]: () => given.abort() };
};

const readThrough = async (
  { file, name, scratch, recorded }: ContentSubject,
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
): Promise<Keyspace> => {
  const question = { path: file, revision: recorded?.fingerprint?.revision ?? null, scratch };
  return await ask('keyspace', question, {
    name,
    signal,
    onPart: part => progress({ phase: 'database', ...part }),
  });
};

/** HashKV holds for its compact revision alone: with another one nothing can be said. */
const sameAsLiving = (
  { asked, compactRevision }: Keyspace,
  recorded: Recorded | null,
): Pick<Check, 'status' | 'detail'> => {
  const skipped = (detail: string) => ({ status: 'skipped' as const, detail });
  if (!recorded) return skipped('a file has no record of the living cluster');
  const { fingerprint, fingerprintSkipped } = recorded;
  if (!fingerprint) return skipped(`not comparable: ${fingerprintSkipped}`);
  if (compactRevision !== fingerprint.compactRevision)
    return skipped(
      `not comparable: ${compactedTo(compactRevision)} in the snapshot, ${compactedTo(fingerprint.compactRevision)} when the hash was taken`,
    );
  if (asked.hashKV === null) return skipped(`not comparable: ${asked.reason}`);
  const at = `at revision ${count(fingerprint.revision)}`;
  const found = hashAndKeys(asked.hashKV, asked.keys);
  if (asked.hashKV === fingerprint.hashKV && asked.keys === fingerprint.keys)
    return { status: 'pass', detail: `${found} ${at}` };
  return {
    status: 'fail',
    detail: `${hashAndKeys(fingerprint.hashKV, fingerprint.keys)} recorded ${at}, ${found} found`,
  };
};

export const hashAndKeys = (hash: number, keys: number): string => `HashKV ${hash}, ${count(keys)} keys`;

const compactedTo = (revision: number): string =>
  revision < 0 ? 'not compacted' : `compacted to ${count(revision)}`;

const tooOld = (name: string, revision: number, least: number): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read the database',
    object: name,
    reason: `is at revision ${count(revision)}, but the living cluster was at ${count(least)} before the snapshot`,
    hint: 'It is of another time or another cluster than its manifest says: use another snapshot.',
  });
