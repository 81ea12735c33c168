/**
 * Which snapshots a policy keeps and which it lets go, and why. Pure: the plan that `prune --dry-run` prints is
 * the one that `prune` carries out.
 *
 * The rules are those of restic's `forget` (internal/data/snapshot_policy.go there): going from the newest to the
 * oldest, a rule keeps the newest of each period until its number is used up, and while it is not, the oldest one
 * of all, so that a young history begins where it really began.
 */
import { calendar, type Period } from './period.ts';
import { type CountRule, checkPolicy, countRules, type Policy } from './policy.ts';
import { newestGood, newestVerified } from './rails.ts';

/** A snapshot of the lineage that is pruned; others are none of the policy's business and are not handed in. */
export type Candidate = {
  id: string;
  /** The id's time. */
  started: Date;
  bad: boolean;
  pinned: boolean;
  /** Anything but null, undefined and false: its newest drill passed. */
  verified: unknown;
};

export type Decision = {
  id: string;
  keep: boolean;
  /** All reasons why it is kept, or why it is not. */
  reasons: string[];
  /** The reasons why it is kept, in a word or two each; empty when it is not. */
  keptBecause: string[];
  bad: boolean;
  /** Dated after `now`: it is kept, fills no slot and is never the newest. */
  futureDated: boolean;
};

/**
 * Decides on every candidate, newest first. Bad and future-dated ones fill no slot and never count as newest: a
 * future-dated one stays until its time has come, a bad one until a newer one is verified. Pinned ones, the newest
 * good and the newest verified one always stay. Throws `usage` for an empty policy and an unknown time zone.
 */
export const plan = (candidates: Candidate[], policy: Policy, now: Date): Decision[] => {
  checkPolicy(policy);
  const all = [...candidates].sort((a, b) => (a.id < b.id ? 1 : -1));
  const good = all.filter(one => !one.bad && one.started <= now);
  const verified = newestVerified(all, now);
  const kept = new Map<string, Reason[]>(all.map(one => [one.id, []]));
  const keep = (id: string, reason: string, short = reason) => kept.get(id)?.push({ reason, short });

  const newest = newestGood(all, now);
  if (newest) keep(newest.id, 'newest');
  if (verified) keep(verified.id, 'newest verified');
  for (const one of all) if (one.pinned) keep(one.id, 'pinned');

  const periodsOf = calendar(policy.timeZone ?? 'UTC');
  const outcomes = countRules(policy).map(([rule, count]) => applyRule(rule, count, good, periodsOf));
  for (const { reasons } of outcomes) for (const [id, { reason, short }] of reasons) keep(id, reason, short);
  for (const one of good) if (newest && isWithin(one, newest, policy)) keep(one.id, `within ${span(policy)}`);
  for (const one of all) {
    if (one.started > now) keep(one.id, 'dated in the future');
    else if (one.bad && !(verified && verified.id > one.id))
      keep(one.id, 'bad, and no newer one is verified', 'no newer verified');
  }
  fillUp(good, kept, policy.minKeep ?? 0);

  return all.map(one => {
    const reasons = kept.get(one.id) ?? [];
    const decision = {
      id: one.id,
      keep: reasons.length > 0,
      keptBecause: reasons.map(({ short }) => short),
      bad: one.bad,
      futureDated: one.started > now,
    };
    if (decision.keep) return { ...decision, reasons: reasons.map(({ reason }) => reason) };
    if (one.bad) return { ...decision, reasons: [`bad, and ${verified?.id} is newer and verified`] };
    return { ...decision, reasons: whyRemoved(one.id, outcomes, policy) };
  });
};

type Reason = { reason: string; short: string };

type Outcome = {
  /** The ids that the rule keeps, each with its reason. */
  reasons: Map<string, Reason>;
  /** Who else keeps the period of an id, as a reason; null when nobody does. */
  keeperOf(id: string): string | null;
  /** The reason of an id that is past all that the rule keeps. */
  beyond: string;
};

/** `good` is newest first. */
const applyRule = (
  rule: CountRule,
  count: number,
  good: Candidate[],
  periodsOf: (time: Date) => Record<Period, string>,
): Outcome => {
  const periodOf = (one: Candidate) => (rule === 'last' ? one.id : periodsOf(one.started)[rule]);
  const keepers = new Map<string, string>();
  const reasons = new Map<string, Reason>();
  for (const one of good) {
    const period = periodOf(one);
    if (keepers.has(period) || keepers.size >= count) continue;
    keepers.set(period, one.id);
    const last = `last ${count}`;
    reasons.set(
      one.id,
      rule === 'last' ? { reason: last, short: last } : { reason: `${rule} ${period}`, short: rule },
    );
  }
  const oldest = good.at(-1);
  if (oldest && keepers.size < count && !reasons.has(oldest.id))
    reasons.set(oldest.id, {
      reason: `oldest, while ${rule} is not filled (${keepers.size} of ${count})`,
      short: `${rule} (oldest)`,
    });

  const periodById = new Map(good.map(one => [one.id, periodOf(one)]));
  const keeperOf = (id: string): string | null => {
    const period = periodById.get(id) ?? '';
    const keeper = keepers.get(period);
    return keeper === undefined ? null : `${rule} ${period} is kept by ${keeper}`;
  };
  const beyond =
    rule === 'last' ? `not among the last ${count}` : `older than the ${count} ${rule} ones that are kept`;
  return { reasons, keeperOf, beyond };
};

// Strictly after, as restic counts.
const isWithin = (one: Candidate, newest: Candidate, policy: Policy): boolean =>
  !!policy.keepWithin && one.started.getTime() > newest.started.getTime() - policy.keepWithin;

/** The one that keeps its shortest period says it all; without such a one, every rule has its word. */
const whyRemoved = (id: string, outcomes: Outcome[], policy: Policy): string[] => {
  const kept = outcomes.map(outcome => outcome.keeperOf(id)).find(reason => reason !== null);
  if (kept) return [kept];
  const within = policy.keepWithin ? [`not within ${span(policy)} of the newest`] : [];
  return [...outcomes.map(outcome => outcome.beyond), ...within];
};

/** The newest good ones until `minKeep` good ones remain. */
const fillUp = (good: Candidate[], kept: Map<string, Reason[]>, minKeep: number): void => {
  const reasonsOf = (one: Candidate) => kept.get(one.id) ?? [];
  let missing = minKeep - good.filter(one => reasonsOf(one).length > 0).length;
  for (const one of good) {
    if (missing <= 0) return;
    if (reasonsOf(one).length > 0) continue;
    reasonsOf(one).push({ reason: `min-keep ${minKeep}`, short: `min-keep ${minKeep}` });
    missing -= 1;
  }
};

const units: [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
];

const span = ({ keepWithin }: Policy): string => {
  const within = keepWithin ?? 0;
  const [unit, letter] = units.find(([size]) => within % size === 0) ?? [1, 'ms'];
  return `${within / unit}${letter}`;
};
