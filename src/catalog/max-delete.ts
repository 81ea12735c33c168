/** The rail against a mistake in a policy: how much of a cluster's history one run may remove. Pure. */
import { SnapbackError } from '../errors.ts';

export type MaxDelete = { count: number } | { percent: number };

/** Reads `20` or `30%`; throws `usage` for everything else. */
export const parseMaxDelete = (text: string): MaxDelete => {
  const found = /^(\d{1,9})(\s*%)?$/.exec(text.trim());
  const number = Number(found?.[1]);
  if (found?.[2] && number <= 100) return { percent: number };
  if (found && !found[2]) return { count: number };
  throw new SnapbackError('usage', {
    operation: 'read --max-delete',
    object: JSON.stringify(text),
    reason: 'is neither a number nor a percentage',
    hint: 'Write it as 20 or as 30%.',
  });
};

/**
 * The error for a plan that removes more than is allowed, null for one that may be carried out. Without a limit
 * of one's own it is half, once there are ten.
 */
export const tooMany = (decisions: { keep: boolean }[], limit: MaxDelete | null): SnapbackError | null => {
  const all = decisions.length;
  const removed = decisions.filter(one => !one.keep).length;
  const allowed = limitOf(all, limit);
  if ('count' in allowed ? removed <= allowed.count : removed * 100 <= all * allowed.percent) return null;
  return new SnapbackError('refused', {
    operation: 'prune',
    object: `plan to remove ${removed} of ${all} snapshots`,
    reason: `is more than ${limitText(all, limit)}, so nothing was removed`,
    hint: 'Look at it with --dry-run. If it is what you want, repeat it with --yes or a larger --max-delete.',
  });
};

/** What holds for `all` snapshots, as a person reads it: `20` or `50 %`. */
export const limitText = (all: number, limit: MaxDelete | null): string => {
  const allowed = limitOf(all, limit);
  return 'count' in allowed ? `${allowed.count}` : `${allowed.percent} %`;
};

const limitOf = (all: number, limit: MaxDelete | null): MaxDelete =>
  limit ?? (all >= 10 ? { percent: 50 } : { count: all });
