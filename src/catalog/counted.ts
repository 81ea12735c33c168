/**
 * What the verdicts of snapshots add up to where only signed ones count. A listing knows names alone, so each verdict
 * that can still change what stands is read with its signature, from the newest on: mostly one or two of a snapshot,
 * and none of one whose verdicts have no signature beside them.
 */
import { isSnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { eightAtATime } from './eight-at-a-time.ts';
import type { Entry } from './listing.ts';
import { signatureFile, type VerdictName } from './names.ts';
import { type Standing, weigh } from './standing.ts';
import type { Trust } from './trust-key.ts';
import { readVerdict } from './verdict.ts';

/**
 * The entries as they are when only verdicts count that somebody trusted has signed; without trusted keys as they were.
 * One that is unsigned, damaged, of a newer format or gone does not count. Throws `store`, or the signal's reason: a
 * verdict that cannot be asked for may be the one that matters.
 */
export const countSigned = async <E extends Entry>(
  store: Store,
  entries: E[],
  { trust, signal }: { trust: Trust; signal: AbortSignal },
): Promise<E[]> => {
  if (trust.length === 0) return entries;
  const counted = [...entries];
  await eightAtATime(entries.entries(), async ([at, entry]) => {
    const weighing = weigh(signedOf(entry));
    let step = weighing.next(false);
    while (!step.done) step = weighing.next(await counts(store, entry, step.value, { trust, signal }));
    counted[at] = withStanding(entry, step.value);
  });
  return counted;
};

/** The verdicts that have a signature beside them; whose it is, only reading it tells. */
export const signedOf = ({ verdicts, files }: Entry): VerdictName[] =>
  verdicts.filter(({ name }) => files.includes(signatureFile(name)));

/** The entry as if none of its verdicts had been written: what is known before they are read. */
export const uncounted = <E extends Entry>(entry: E): E =>
  withStanding(entry, { failed: null, verified: null });

const withStanding = <E extends Entry>(entry: E, { failed, verified }: Standing): E => {
  const missing = entry.objectName === null;
  return { ...entry, failed, verified: missing ? null : verified, bad: failed !== null || missing };
};

const counts = async (
  store: Store,
  { cluster }: Entry,
  named: VerdictName,
  options: { trust: Trust; signal: AbortSignal },
): Promise<boolean> => {
  try {
    await readVerdict(store, cluster, named, options);
    return true;
  } catch (error) {
    if (isSnapbackError(error) && ['integrity', 'refused', 'not-found'].includes(error.code)) return false;
    throw error;
  }
};
