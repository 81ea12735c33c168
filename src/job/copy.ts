/** Brings snapshots of one store to another: all good ones that are not there, or those that are named. */
import { signKeyOf } from '../catalog/sign-key.ts';
import { checkIdentities } from '../codec/identities.ts';
import { checkRecipients, recipientsIn } from '../codec/recipients.ts';
import { from, SnapbackError } from '../errors.ts';
import type { Context, Outcome } from './context.ts';
import { planCopy } from './copy-plan.ts';
import type { CopiedSnapshot, CopySettings } from './copy-settings.ts';
import { openTarget } from './copy-target.ts';
import { openCatalog } from './open-catalog.ts';
import { checkDistinct } from './other-store.ts';
import type { Keys } from './re-encrypt.ts';
import { warnIfUntrusted } from './signing.ts';
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
 * and what is there whole is passed over, so a run that was cut off is taken up by the next. With recipients those that
 * are encrypted otherwise are made anew for them. Throws `usage`, what `openCatalog`, `openTarget` and `selectSnapshot`
 * throw. On abort the result says what was done until then.
 */
export const copy = async (settings: CopySettings, context: Context): Promise<Outcome<CopyResult>> => {
  const { signal } = context;
  const begun = performance.now();
  const keys = await checkChoice(settings);
  await using source = await openCatalog(settings.store, 'read', context);
  await using target = await openTarget(source, settings, context);
  if (keys) warnIfUntrusted('the snapshots that are made anew', keys.signKey, source.trust, context);
  const errors: SnapbackError[] = [];
  const work = await planCopy(source, target, settings, keys, errors, context);
  const todo = work.filter(({ act }) => act !== null);
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
      for (const { row, act } of waiting) {
        if (signal.aborted) return;
        if (act) await carryOut(row, errors, context, () => act(onBytes));
      }
    };
    // One that is made anew keeps all cores busy by itself, and has several frames in memory.
    await Promise.all(Array.from({ length: keys ? 1 : atOnce }, worker));
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

/** The keys of the copies, null where bytes are copied as they are. */
const checkChoice = async (settings: CopySettings): Promise<Keys | null> => {
  const { snapshots, since, verifiedOnly, identities, recipientsFile } = settings;
  const signKey = signKeyOf(settings.signKey);
  if (snapshots.length > 0 && (since !== null || verifiedOnly))
    throw usage(
      since === null ? '--verified-only' : '--since',
      'chooses among all snapshots, and some are named',
      'Leave one of the two out.',
    );
  const recipients = [
    ...new Set([...settings.recipients, ...(recipientsFile ? recipientsIn(recipientsFile) : [])]),
  ];
  if (recipients.length > 0) {
    await checkRecipients(recipients);
    await checkIdentities(identities);
    return { recipients, identities, signKey };
  }
  if (identities.length > 0)
    throw usage(
      '--identity',
      'decrypts what is encrypted anew, and no --recipient says for whom',
      'Leave it out to copy the bytes as they are: that needs no key.',
    );
  if (signKey)
    throw usage(
      '--sign-key',
      'signs what is encrypted anew, and no --recipient says for whom',
      'Leave it out to copy the bytes as they are: their signatures go with them.',
    );
  if (settings.to !== null) checkDistinct('--to', [settings.store.store, settings.to]);
  return null;
};

const usage = (object: string, reason: string, hint: string): SnapbackError =>
  new SnapbackError('usage', { operation: 'read the options', object, reason, hint });

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
