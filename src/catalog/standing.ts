/** What the verdicts of a snapshot add up to. Pure. */
import type { Level, VerdictName } from './names.ts';

export type Standing = {
  /** The newest `fail` that still stands; null when none does. */
  failed: VerdictName | null;
  /** The newest drill, when it passed and nothing has failed since; null otherwise. */
  verified: VerdictName | null;
};

const rank: Record<Level, number> = { object: 0, content: 1, drill: 2 };

/**
 * A `fail` stands until a later `pass` of the same or a higher level. A snapshot is verified when its newest
 * drill passed and no fail stands. Of two verdicts of the same second the fail counts as the later one.
 */
export const standing = (verdicts: VerdictName[]): Standing => {
  const weighing = weigh(verdicts);
  let step = weighing.next(true);
  while (!step.done) step = weighing.next(true);
  return step.value;
};

/**
 * The same rule where not every verdict counts: gives the ones that can still change what stands, from the newest on,
 * and wants to be told of each whether it counts.
 */
export function* weigh(verdicts: VerdictName[]): Generator<VerdictName, Standing, boolean> {
  let lifted = -1;
  for (const one of verdicts.toSorted(later)) {
    // A later pass of this level or a higher one has said all that this one could.
    if (rank[one.level] <= lifted || !(yield one)) continue;
    if (!one.pass) return { failed: one, verified: null };
    if (one.level === 'drill') return { failed: null, verified: one };
    lifted = rank[one.level];
  }
  return { failed: null, verified: null };
}

/** Newest first. */
const later = (a: VerdictName, b: VerdictName): number =>
  b.time.getTime() - a.time.getTime() || Number(a.pass) - Number(b.pass) || (a.name < b.name ? 1 : -1);
