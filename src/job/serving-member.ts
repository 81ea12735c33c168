/** The member that serves a snapshot: connected, asked what it is, and known to be fresh. */

import { SnapbackError } from '../errors.ts';
import { alarmsIn } from '../etcd/alarms.ts';
import { authEnabled } from '../etcd/auth.ts';
import { type EtcdClient, openClient } from '../etcd/client.ts';
import { listMembers, type Member } from '../etcd/members.ts';
import { linearizedRevision } from '../etcd/read.ts';
import { refusalOf } from '../etcd/refusal.ts';
import { type MemberStatus, memberStatus } from '../etcd/status.ts';
import type { Context } from './context.ts';
import type { EtcdSettings } from './settings.ts';

export type ServingMember = {
  client: EtcdClient;
  status: MemberStatus;
  members: Member[];
  authEnabled: boolean | null;
  /** Every write acknowledged before this was asked is at or below it; null without a quorum. */
  linearizedRevision: number | null;
};

/**
 * The first of the endpoints that answers, in the order given. A linearizable read through that member itself makes
 * it fresh: etcd answers such a read only when the member has applied all that was committed before it. Without a
 * quorum it throws `etcd`, unless that was allowed. The caller disposes the client.
 */
export const openServingMember = async (
  settings: EtcdSettings,
  options: { allowNoQuorum: boolean },
  { signal, log }: Context,
): Promise<ServingMember> => {
  const client = await openFirst(settings, signal, text => log.warn(text));
  try {
    const status = await memberStatus(client, { signal });
    const revision = await freshness(client, options.allowNoQuorum, signal, text => log.warn(text));
    const [members, auth] = await Promise.all([
      listMembers(client, { signal }),
      revision === null ? null : authEnabled(client, { signal }),
    ]);
    // The status of before the read may be older than the read: the bounds are what the member says now.
    return {
      client,
      status: revision === null ? status : await memberStatus(client, { signal }),
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

const openFirst = async (
  settings: EtcdSettings,
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<EtcdClient> => {
  let first: unknown;
  for (const endpoint of settings.endpoints) {
    try {
      return await openClient(settings, endpoint, { signal });
    } catch (error) {
      signal.throwIfAborted();
      // A wrong certificate file is wrong for every endpoint.
      if (error instanceof SnapbackError && error.code === 'usage') throw error;
      first ??= error;
      if (settings.endpoints.length > 1 && error instanceof SnapbackError)
        warn(`${error.object} ${error.reason}`);
    }
  }
  throw (
    first ??
    new SnapbackError('usage', {
      operation: 'connect',
      object: '--endpoints',
      reason: 'names none',
      hint: 'Name at least one: --endpoints https://10.0.0.1:2379',
    })
  );
};

const freshness = async (
  client: EtcdClient,
  allowNoQuorum: boolean,
  signal: AbortSignal,
  warn: (text: string) => void,
): Promise<number | null> => {
  try {
    return await linearizedRevision(client, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!['quorum', 'silent'].includes(refusalOf(error))) throw error;
    if (allowNoQuorum) {
      warn('there is no quorum, so writes that etcd acknowledged may be missing in this snapshot');
      return null;
    }
    throw new SnapbackError('etcd', {
      operation: 'read the newest revision through the quorum',
      object: `etcd ${client.endpoint}`,
      reason: 'has no quorum, so nobody knows whether it has the newest writes',
      hint: 'Bring the other members back, or save what this one has with --allow-no-quorum (the manifest will say so).',
      cause: error,
    });
  }
};
