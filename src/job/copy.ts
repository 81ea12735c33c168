/** Brings snapshots of one store to another: all good ones that are not there, or those that are named. */
import type { Entry } from '../catalog/listing.ts';
import { selectSnapshot } from '../catalog/select.ts';
import { from, SnapbackError } from '../errors.ts';
import type { Context, Outcome } from './context.ts';
import type { CopiedSnapshot, CopySettings } from './copy-settings.ts';
import { copySnapshot, missingFiles } from './copy-snapshot.ts';
import { type CopyTarget, openTarget } from './copy-target.ts';
import { openCatalog } from './open-catalog.ts';
import { checkDistinct } from './other-store.ts';
import { worst } from './worst.ts';

export type CopyResult = {
  from: string;
  to: string;
  cluster: string;
  dryRun: boolean;
  /** Newest first. */
  snapshots: CopiedSnapshot[];
  seconds: number;
};

/** Snapshots under way at once: each has its own streams and, in a bucket, its own parts in memory. */
const atOnce = 3;

/**
 * Goes on when one fails: the worst of all errors is the outcome's. Bad snapshots are left out unless they are named,
 * and what is there whole is passed over, so a run that was cut off is taken up by the next. Throws `usage`, what
 * `openCatalog`, `openTarget` and `selectSnapshot` throw. On abort the result says what was done until then.
 */
export const copy = async (settings: CopySettings, context: Context): Promise<Outcome<CopyResult>> => {
  const { signal } = context;
  const begun = performance.now();
  checkChoice(settings);
  if (settings.to !== null) checkDistinct('--to', [settings.store.store, settings.to]);
  await using source = await openCatalog(settings.store, 'read', context);
  await using target = await openTarget(source, settings, context);
  const errors: SnapbackError[] = [];
  const chosen = choose(source.listing.entries, settings);
  const work = chosen.map(entry => ({ entry, ...planOf(entry, target, settings, errors) }));
  const todo = work.filter(({ row }) => row.plan === 'copy' || row.plan === 'complete');
  if (!settings.dryRun && todo.length > 0) {
    await target.begin();
    const total = todo.reduce((sum, { row }) => sum + (row.plan === 'copy' ? (row.size ?? 0) : 0), 0);
    let done = 0;
    const onBytes = (bytes: number) => {
      done += bytes;
      context.progress({ phase: 'copy', done, total });
    };
    const waiting = todo.values();
    const worker = async () => {
      for (const { entry, row, files } of waiting) {
        if (signal.aborted) return;
        await carryOut(row, errors, context, async () => ({
          id: entry.id,
          files: await copySnapshot(source, entry, target, { files, signal, onBytes }),
        }));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  }
  if (signal.aborted) errors.push(from(signal.reason, 'failed', { operation: 'copy', object: 'the copy' }));
  const result = {
    from: source.store.location,
    to: target.store.location,
    cluster: source.cluster,
    dryRun: settings.dryRun,
    snapshots: work.map(({ row }) => row),
    seconds: (performance.now() - begun) / 1000,
  };
  return { result, error: worst(errors) };
};

const checkChoice = ({ snapshots, since, verifiedOnly }: CopySettings): void => {
  if (snapshots.length === 0 || (since === null && !verifiedOnly)) return;
  throw new SnapbackError('usage', {
    operation: 'read the options',
    object: since === null ? '--verified-only' : '--since',
    reason: 'chooses among all snapshots, and some are named',
    hint: 'Leave one of the two out.',
  });
};

const choose = (entries: Entry[], { snapshots, before }: CopySettings): Entry[] => {
  if (snapshots.length === 0) return entries.filter(({ started }) => before === null || started <= before);
  return [...new Set(snapshots.map(one => selectSnapshot(entries, one, { before }).entry))];
};

const planOf = (
  entry: Entry,
  target: CopyTarget,
  settings: CopySettings,
  errors: SnapbackError[],
): { row: CopiedSnapshot; files: string[] } => {
  const row: CopiedSnapshot = {
    id: entry.id,
    started: entry.started.toISOString(),
    size: entry.objectSize,
    plan: 'leave out',
    reason: whyNot(entry, settings),
    done: false,
    copy: null,
    files: [],
    others: entry.others,
    seconds: null,
    problem: null,
  };
  if (row.reason !== null) return { row, files: [] };
  try {
    const files = missingFiles(entry, target);
    if (files.length === 0) return { row: { ...row, plan: 'there', copy: entry.id }, files };
    return { row: { ...row, plan: files.length === entry.files.length ? 'copy' : 'complete' }, files };
  } catch (error) {
    const known = from(error, 'failed', { operation: 'copy', object: `snapshot ${entry.id}` });
    errors.push(known);
    return { row: { ...row, problem: `${known.object} ${known.reason}` }, files: [] };
  }
};

const whyNot = (entry: Entry, { snapshots, since, verifiedOnly }: CopySettings): string | null => {
  if (snapshots.length > 0) return null;
  if (since && entry.started < since) return 'older than --since';
  if (entry.failed) return `bad: ${entry.failed.level} failed`;
  if (entry.bad) return 'bad: its object is missing';
  return verifiedOnly && !entry.verified ? 'not verified' : null;
};

const carryOut = async (
  row: CopiedSnapshot,
  errors: SnapbackError[],
  { signal, notify, log }: Context,
  act: () => Promise<{ id: string; files: string[] }>,
): Promise<void> => {
  const began = performance.now();
  try {
    const { id, files } = await act();
    const seconds = (performance.now() - began) / 1000;
    Object.assign(row, { done: true, copy: id, files, seconds });
    const newId = id === row.id ? null : id;
    if (row.plan === 'copy') notify({ kind: 'copied', id: row.id, newId, size: row.size ?? 0, seconds });
  } catch (error) {
    const known = from(error, 'failed', { operation: 'copy', object: `snapshot ${row.id}` });
    row.problem = signal.aborted ? 'was interrupted' : `${known.object} ${known.reason}`;
    if (signal.aborted) return;
    log.error(`${row.id}: ${row.problem}`);
    errors.push(known);
  }
};
