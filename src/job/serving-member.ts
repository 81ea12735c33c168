/** The member that serves a snapshot: connected, asked what it is, and known to be fresh. */

import { SnapbackError } from '../errors.ts';
import { alarmsIn } from '../etcd/alarms.ts';
import { authEnabled } from '../etcd/auth.ts';
import { type Candidate, isCutOff } from '../etcd/candidate.ts';
import { chooseMembers, type From } from '../etcd/choose.ts';
import { type EtcdClient, openClient } from '../etcd/client.ts';
import { discover } from '../etcd/discover.ts';
import { listMembers, type Member } from '../etcd/members.ts';
import { linearizedRevision } from '../etcd/read.ts';
import { refusalOf } from '../etcd/refusal.ts';
import { type MemberStatus, memberStatus } from '../etcd/status.ts';
import type { Context } from './context.ts';
import type { EtcdSettings } from './settings.ts';

export type ServingMember = {
  client: EtcdClient;
  candidate: Candidate;
  /** All members that answer. */
  candidates: Candidate[];
  status: MemberStatus;
  members: Member[];
  authEnabled: boolean | null;
  /** Every write acknowledged before this was asked is at or below it; null without a quorum. */
  linearizedRevision: number | null;
};

export type Choice = { order: [Candidate, ...Candidate[]]; candidates: Candidate[]; members: Member[] };

/** The members in the order in which to try them. Throws `etcd` when none answers or fits, `usage` for wrong settings. */
export const findMembers = async (
  settings: EtcdSettings,
  options: { discover: boolean; from: From },
  { signal, log }: Context,
): Promise<Choice> => {
  const { candidates, members, away } = await discover(settings, { signal, onlyNamed: !options.discover });
  for (const { named, error } of away) {
    const text = `${error.object} ${error.reason}`;
    if (named) log.warn(text);
    else log.debug(text);
  }
  return { order: chooseMembers(candidates, options.from), candidates, members };
};

/**
 * Connects to the member that is to serve. A linearizable read through that member itself makes it fresh: etcd answers
 * such a read only when the member has applied all that was committed before it. Without a quorum it throws `etcd`,
 * unless that was allowed. The caller disposes the client.
 */
export const openServingMember = async (
  settings: EtcdSettings,
  candidate: Candidate,
  choice: Choice,
  options: { allowNoQuorum: boolean },
  { signal, log }: Context,
): Promise<ServingMember> => {
  const client = await openClient(settings, candidate.endpoint, { signal });
  try {
    const revision = await linearizedRevision(client, { signal }).catch(error => {
      signal.throwIfAborted();
      if (!['quorum', 'silent'].includes(refusalOf(error))) throw error;
      const stale = notFresh(client, candidate, choice, error);
      if (!options.allowNoQuorum) throw stale;
      log.warn(`${stale.object} ${stale.reason}; saved all the same, with --allow-no-quorum`);
      return null;
    });
    const [status, members, auth] = await Promise.all([
      // After the read: the bounds are what the member says now.
      memberStatus(client, { signal }),
      choice.members.length > 0 ? choice.members : listMembers(client, { signal }),
      revision === null ? null : authEnabled(client, { signal }),
    ]);
    const { candidates } = choice;
    return {
      client,
      candidate,
      candidates,
      status,
      members,
      authEnabled: auth,
      linearizedRevision: revision,
    };
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
};

export const roleOf = (status: MemberStatus): 'leader' | 'follower' | 'learner' =>
  status.learner ? 'learner' : status.leader === status.memberId ? 'leader' : 'follower';

export const alarmsOf = (status: MemberStatus) => alarmsIn(status.errors);

const notFresh = (
  { endpoint }: EtcdClient,
  candidate: Candidate,
  { candidates }: Choice,
  cause: unknown,
): SnapbackError => {
  const alone = isCutOff(candidate) && !candidates.every(isCutOff);
  return new SnapbackError('etcd', {
    operation: 'read the newest revision through the quorum',
    object: `etcd ${endpoint}`,
    reason: `${alone ? 'is cut off from the other members' : 'reaches no quorum of its cluster'}, so writes that were acknowledged may be missing in it`,
    hint: `${alone ? 'Name another member' : 'Bring the other members back'}, or mend the network between them; --allow-no-quorum saves what this one has, and the manifest says so.`,
    cause,
  });
};
