/** A member that may serve. */
import { alarmsIn } from './alarms.ts';
import type { MemberStatus } from './status.ts';

export type Candidate = {
  /** As it was named, or the client URL by which the member was found. */
  endpoint: string;
  status: MemberStatus;
  /** How it stands in the endpoints that were given: as the only one, as one of several, or not at all. */
  named: 'alone' | 'among others' | 'no';
};

export const isLeader = ({ status }: Candidate): boolean => status.memberId === status.leader;

/** True for a member that knows of no leader: it is cut off from the others, or there is none. */
export const isCutOff = ({ status }: Candidate): boolean => status.leader === '0';

/** True for a member whose own data the cluster holds for corrupt. */
export const isCorrupt = ({ status }: Candidate): boolean =>
  alarmsIn(status.errors).some(({ memberId, type }) => type === 'CORRUPT' && memberId === status.memberId);

/** True for a member with a trouble of its own; alarms are told by every member of the cluster alike. */
export const isTroubled = ({ status }: Candidate): boolean =>
  status.errors.some(text => alarmsIn([text]).every(alarm => alarm.memberId === status.memberId));

/** How far a member is behind the foremost of `all`, in raft entries. */
export const lagOf = (candidate: Candidate, all: Candidate[]): number =>
  Math.max(...all.map(applied)) - applied(candidate);

const applied = ({ status }: Candidate): number => status.raftAppliedIndex ?? status.raftIndex;
