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
  const sorted = [...verdicts].sort(later);
  const failed = sorted.find(one => !one.pass && !sorted.some(other => lifts(other, one))) ?? null;
  const drill = sorted.find(one => one.level === 'drill');
  return { failed, verified: failed === null && drill?.pass ? drill : null };
};

const lifts = (pass: VerdictName, fail: VerdictName): boolean =>
  pass.pass && pass.time > fail.time && rank[pass.level] >= rank[fail.level];

/** Newest first. */
const later = (a: VerdictName, b: VerdictName): number =>
  b.time.getTime() - a.time.getTime() || Number(a.pass) - Number(b.pass) || (a.name < b.name ? 1 : -1);
