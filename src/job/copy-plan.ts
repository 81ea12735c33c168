/** What a copy will do with each snapshot, before anything is written: what --dry-run prints, and the run follows. */
import type { Entry } from '../catalog/listing.ts';
import { selectSnapshot } from '../catalog/select.ts';
import { from, type SnapbackError } from '../errors.ts';
import type { Context } from './context.ts';
import type { CopiedSnapshot, CopySettings } from './copy-settings.ts';
import { copySnapshot, missingFiles } from './copy-snapshot.ts';
import type { CopyTarget } from './copy-target.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { type Keys, reEncrypt } from './re-encrypt.ts';
import { planKeys } from './re-encrypt-plan.ts';

export type Work = {
  row: CopiedSnapshot;
  /** What is to be done; null where nothing is. */
  act: ((onBytes: (bytes: number) => void) => Promise<{ id: string; files: string[] }>) | null;
};

/**
 * All that are chosen, newest first. What cannot be copied goes to `errors` and to its row; throws what `selectSnapshot`
 * throws, and `store`.
 */
export const planCopy = async (
  source: OpenCatalog,
  target: CopyTarget,
  settings: CopySettings,
  keys: Keys | null,
  errors: SnapbackError[],
  { signal, log }: Context,
): Promise<Work[]> => {
  const chosen = choose(source.listing.entries, settings);
  const wanted = chosen.filter(entry => whyNot(entry, settings) === null);
  const anew = keys && (await planKeys(source, wanted, target, keys, { signal }));
  const failed = (row: CopiedSnapshot, error: unknown): Work => {
    const known = from(error, 'failed', { operation: 'copy', object: `snapshot ${row.id}` });
    errors.push(known);
    return { row: { ...row, problem: `${known.object} ${known.reason}` }, act: null };
  };
  const asItIs = (row: CopiedSnapshot, entry: Entry): Work => {
    const files = missingFiles(entry, target);
    if (files.length === 0) return { row: { ...row, plan: 'there', copy: entry.id }, act: null };
    const act: Work['act'] = async onBytes => ({
      id: entry.id,
      files: await copySnapshot(source, entry, target, { files, signal, onBytes }),
    });
    return { row: { ...row, plan: files.length === entry.files.length ? 'copy' : 'complete' }, act };
  };
  return chosen.map(entry => {
    const row = rowOf(entry, whyNot(entry, settings));
    if (row.reason !== null) return { row, act: null };
    if (row.bad) log.warn(`${entry.id} is ${whyBad(entry)}; it is copied because it is named`);
    const how = anew?.get(entry) ?? { how: 'as it is' };
    try {
      if (how.how === 'not at all') return failed(row, how.error);
      if (how.how === 'done') return { row: { ...row, plan: 'there', copy: how.copy }, act: null };
      if (how.how === 'as it is' || !keys) return asItIs(row, entry);
      const act: Work['act'] = onBytes =>
        reEncrypt(source, entry, how.read, target, { ...keys, signal, onBytes });
      return { row: { ...row, plan: 'copy' }, act };
    } catch (error) {
      return failed(row, error);
    }
  });
};

const choose = (entries: Entry[], { snapshots, before }: CopySettings): Entry[] => {
  if (snapshots.length === 0) return entries.filter(({ started }) => before === null || started <= before);
  return [...new Set(snapshots.map(one => selectSnapshot(entries, one, { before }).entry))];
};

const rowOf = (entry: Entry, reason: string | null): CopiedSnapshot => ({
  id: entry.id,
  started: entry.started.toISOString(),
  size: entry.objectSize,
  bad: entry.bad,
  plan: reason === null ? 'copy' : 'leave out',
  reason,
  done: false,
  copy: null,
  files: [],
  others: entry.others,
  seconds: null,
  problem: null,
});

const whyNot = (entry: Entry, { snapshots, since, verifiedOnly }: CopySettings): string | null => {
  if (snapshots.length > 0) return null;
  if (since && entry.started < since) return 'older than --since';
  if (entry.bad) return whyBad(entry);
  return verifiedOnly && !entry.verified ? 'not verified' : null;
};

const whyBad = ({ failed }: Entry): string =>
  failed ? `bad: ${failed.level} failed` : 'bad: its object is missing';
