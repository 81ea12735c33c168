/** The fingerprint that binds a snapshot to the living cluster: HashKV and number of keys at an explicit revision. */

import type { Manifest } from '../catalog/manifest.ts';
import { messageOf } from '../errors.ts';
import { chooseHashMember } from '../etcd/choose.ts';
import { openClient } from '../etcd/client.ts';
import { hashKV } from '../etcd/hashkv.ts';
import { countKeys } from '../etcd/read.ts';
import { memberStatus } from '../etcd/status.ts';
import { size } from '../figures.ts';
import type { ServingMember } from './serving-member.ts';

export type Fingerprint = NonNullable<Manifest['fingerprint']>;
export type Taken = { fingerprint: Fingerprint; skipped: null } | { fingerprint: null; skipped: string };

/** HashKV blocks the member that it is asked of: above this size it is asked only when it is wanted by name. */
const autoLimit = 512 * 1024 * 1024;

/**
 * Asked when the snapshot's stream has opened, at the revision that the serving member had before. Another voter that
 * is not the leader is asked first, which also finds a member that went its own way; else the serving member. Never
 * throws but for the signal's reason: a snapshot without fingerprint is a snapshot, and the reason is recorded.
 */
export const takeFingerprint = async (
  member: ServingMember,
  options: { mode: 'auto' | 'on' | 'off'; signal: AbortSignal },
): Promise<Taken> => {
  const { mode, signal } = options;
  const none = (skipped: string): Taken => ({ fingerprint: null, skipped });
  if (mode === 'off') return none('switched off');
  const inUse = member.status.dbSizeInUse ?? member.status.dbSize;
  if (mode === 'auto' && inUse > autoLimit)
    return none(
      `the database has ${size(inUse)} in use, more than the ${size(autoLimit)} up to which it is asked for`,
    );
  if (member.linearizedRevision === null) return none('the member reached no quorum');
  const started = Date.now();
  const { revision } = member.status;
  try {
    const chosen = chooseHashMember(member.candidates, member.candidate);
    if (!chosen) return none('there is no voter to ask: a learner computes no hashes');
    await using other =
      chosen === member.candidate
        ? null
        : await openClient(member.client.settings, chosen.endpoint, { signal });
    const asked = other ?? member.client;
    // First, since it waits for a member that is a little behind.
    const hash = await hashKV(asked, revision, { signal });
    if (hash.refused !== null) return none(hash.reason);
    const [keys, { memberId }] = await Promise.all([
      countKeys(asked, revision, { signal }),
      memberStatus(asked, { signal }),
    ]);
    if (keys === null) return none('that revision was compacted meanwhile');
    if (hash.compactRevision >= revision) return none('the revision is the compact revision');
    return {
      fingerprint: {
        revision,
        compactRevision: hash.compactRevision,
        hashKV: hash.hash,
        keys,
        memberId,
        seconds: (Date.now() - started) / 1000,
      },
      skipped: null,
    };
  } catch (error) {
    signal.throwIfAborted();
    return none(`etcd did not give it: ${messageOf(error)}`.slice(0, 500));
  }
};
