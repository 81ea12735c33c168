/** Which snapshots of a store one run of `verify` goes through, and how deep it looks at each. Pure. */
import type { Entry } from '../catalog/listing.ts';
import type { Level } from '../catalog/names.ts';
import { selectSnapshot } from '../catalog/select.ts';
import { SnapbackError } from '../errors.ts';

/** Chooses among all snapshots of the cluster; what is given together narrows the choice together. */
export type Among = {
  /** Those without a standing drill pass; what is bad is among them. */
  allUnverified: boolean;
  /** The newest so many. */
  last: number | null;
  /** Milliseconds: those whose standing drill pass began longer ago, and those without one. */
  olderThan: number | null;
  /** So many of the chosen are drilled; the others are checked at the level, or left alone where that is drill. */
  sample: number | null;
};

export type Chosen = { entry: Entry; level: Level };

type Wanted = { snapshots: string[]; before: Date | null; level: Level; among: Among };

/** True where the choice depends on all that is in the store, and not on names that a person gave. */
export const isAmong = ({ allUnverified, last, olderThan, sample }: Among): boolean =>
  allUnverified || last !== null || olderThan !== null || sample !== null;

/**
 * Newest first, or in the order given. `draw(n)` gives a whole number below n at random. Throws `usage` where snapshots
 * are named and chosen among all as well, `not-found` where there are none at all, and what `selectSnapshot` throws.
 */
export const chooseToVerify = (
  entries: Entry[],
  { snapshots, before, level, among }: Wanted,
  { now, draw }: { now: Date; draw: (below: number) => number },
): Chosen[] => {
  if (!isAmong(among))
    return [...new Set(snapshots.map(one => selectSnapshot(entries, one, { before }).entry))].map(entry => ({
      entry,
      level,
    }));
  // An empty store is no good news, and says so as `verify` alone does.
  if (entries.length === 0) selectSnapshot(entries, 'latest', { before });
  const fit = entries
    .filter(({ started }) => before === null || started <= before)
    .slice(0, among.last ?? entries.length)
    .filter(entry => !among.allUnverified || proofOf(entry) === null)
    .filter(entry => among.olderThan === null || ageOf(entry, now) > among.olderThan);
  if (among.sample === null) return fit.map(entry => ({ entry, level }));
  const drilled = new Set(longestUnverified(fit, among.sample, draw));
  return fit
    .filter(entry => level !== 'drill' || drilled.has(entry))
    .map(entry => ({ entry, level: drilled.has(entry) ? 'drill' : level }));
};

/** Throws `usage` where a person names snapshots and chooses among all in one breath. */
export const checkNothingNamed = (snapshots: string[], among: Among): void => {
  if (snapshots.length === 0 || !isAmong(among)) return;
  throw new SnapbackError('usage', {
    operation: 'choose what to verify',
    object: snapshots.join(' '),
    reason: 'is named, and --all-unverified, --last, --older-than and --sample choose among all',
    hint: 'Leave one of the two out.',
  });
};

/** When the drill that stands began; null where none does. */
const proofOf = ({ verified, bad }: Entry): Date | null => (verified && !bad ? verified.time : null);

const ageOf = (entry: Entry, now: Date): number => now.getTime() - (proofOf(entry)?.getTime() ?? -Infinity);

/**
 * At random among those without a proof, so that nobody knows beforehand which will be looked at; where these are fewer
 * than are wanted, then those whose proof is oldest. One that is bad is known to be, and does not use up a place.
 */
const longestUnverified = (fit: Entry[], wanted: number, draw: (below: number) => number): Entry[] => {
  const unproven = fit.filter(({ verified, bad }) => !verified && !bad);
  const drawn: Entry[] = [];
  while (drawn.length < wanted && unproven.length > 0)
    drawn.push(...unproven.splice(draw(unproven.length), 1));
  const proven = fit
    .filter(entry => proofOf(entry) !== null)
    .sort((a, b) => (proofOf(a)?.getTime() ?? 0) - (proofOf(b)?.getTime() ?? 0));
  return [...drawn, ...proven].slice(0, wanted);
};
