/** Which member serves the snapshot, and which one computes the hash. Pure. */
import { SnapbackError } from '../errors.ts';
import { type Candidate, isCorrupt, isCutOff, isLeader, isTroubled, lagOf } from './candidate.ts';

/** `--from`: a role, or the endpoint of the one member that is wanted. */
export type From = 'leader' | 'follower' | { endpoint: string } | null;

/**
 * The members in the order in which to try them; never empty. Without `from`: one endpoint that was named alone comes
 * first, as with etcdctl. Then by: no CORRUPT alarm, no trouble of its own, a follower before the leader, least lag,
 * the order given. A learner serves only when it was named, alone or by `from`. With `from` there is no second choice
 * of another kind. Throws `etcd` when no member fits.
 */
export const chooseMembers = (candidates: Candidate[], from: From): [Candidate, ...Candidate[]] => {
  const fitting = wanted(candidates, from);
  const first = from === null ? candidates.find(candidate => candidate.named === 'alone') : undefined;
  const rest = fitting.filter(candidate => candidate !== first).sort(better(candidates));
  const [best, ...others] = first ? [first, ...rest] : rest;
  if (!best) throw nobody(candidates, from);
  return [best, ...others];
};

/**
 * The member that is asked for the hash: another voter than `serving` that is not the leader nor cut off (that one lags),
 * which also finds a member whose data differs, else `serving` itself; null when that is a learner, which computes none.
 */
export const chooseHashMember = (candidates: Candidate[], serving: Candidate): Candidate | null => {
  const others = candidates.filter(
    candidate =>
      candidate.status.memberId !== serving.status.memberId &&
      !candidate.status.learner &&
      !isLeader(candidate) &&
      !isCorrupt(candidate) &&
      !isCutOff(candidate),
  );
  const [other] = others.sort(better(candidates));
  return other ?? (serving.status.learner ? null : serving);
};

const wanted = (candidates: Candidate[], from: From): Candidate[] => {
  if (from === 'leader') return candidates.filter(isLeader);
  if (from === 'follower') return candidates.filter(one => !isLeader(one) && !one.status.learner);
  if (from !== null) return candidates.filter(one => bare(one.endpoint) === bare(from.endpoint));
  return candidates.filter(one => !one.status.learner);
};

// An endpoint may be named with or without its scheme.
const bare = (endpoint: string): string => endpoint.replace(/^https?:\/\//, '').replace(/\/$/, '');

// JavaScript's sort is stable, so what is equal stays in the order given.
const better = (all: Candidate[]) => (a: Candidate, b: Candidate) =>
  Number(isCorrupt(a)) - Number(isCorrupt(b)) ||
  Number(isTroubled(a)) - Number(isTroubled(b)) ||
  Number(isLeader(a)) - Number(isLeader(b)) ||
  lagOf(a, all) - lagOf(b, all);

const nobody = (candidates: Candidate[], from: From) => {
  const sought =
    from === null ? 'voting member' : typeof from === 'string' ? from : `member at ${from.endpoint}`;
  return new SnapbackError('etcd', {
    operation: 'choose a member',
    object: 'the cluster',
    reason: `has no ${sought} among those that answer (${candidates.map(described).join(', ') || 'none'})`,
    hint: from === null ? 'Name the member with --from.' : 'Choose another --from, or leave it out.',
  });
};

const described = (candidate: Candidate): string => {
  const role = candidate.status.learner ? 'learner' : isLeader(candidate) ? 'leader' : 'follower';
  return `${candidate.endpoint} ${role}`;
};
