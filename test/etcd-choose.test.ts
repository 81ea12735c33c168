import { expect, test } from 'vitest';
import type { Candidate } from '../src/etcd/candidate.ts';
import { chooseHashMember, chooseMembers, type From } from '../src/etcd/choose.ts';

type Changes = Partial<Candidate['status']> & { named?: Candidate['named'] };

/** A follower of the leader `1`, named with others, level with everybody. */
const member = (id: string, { named = 'among others', ...status }: Changes = {}): Candidate => ({
  endpoint: `https://10.0.0.${id}:2379`,
  named,
  status: {
    endpoint: `https://10.0.0.${id}:2379`,
    clusterId: '7',
    memberId: id,
    version: '3.6.16',
    storageVersion: '3.6.0',
    revision: 10,
    raftTerm: 2,
    raftIndex: 100,
    raftAppliedIndex: 100,
    leader: '1',
    learner: false,
    dbSize: 1,
    dbSizeInUse: 1,
    quota: null,
    errors: [],
    ...status,
  },
});

const order = (candidates: Candidate[], from: From = null) =>
  chooseMembers(candidates, from).map(({ status }) => status.memberId);

const corrupt = (id: string) => `memberID:${id} alarm:CORRUPT `;
const noSpace = (id: string) => `memberID:${id} alarm:NOSPACE `;

test('followers come before the leader, in the order given', () => {
  expect(order([member('1'), member('3'), member('2')])).toEqual(['3', '2', '1']);
});

test('the one that lags least comes first, but a lagging follower before the leader', () => {
  expect(
    order([member('1'), member('2', { raftAppliedIndex: 90 }), member('3', { raftAppliedIndex: 95 })]),
  ).toEqual(['3', '2', '1']);
});

test('where there is no applied index the raft index counts', () => {
  const old = { raftAppliedIndex: null };
  expect(order([member('2', { ...old, raftIndex: 7 }), member('3', { ...old, raftIndex: 8 })])).toEqual([
    '3',
    '2',
  ]);
});

test('a member with a trouble of its own comes after the leader, a corrupt one last', () => {
  const errors = [corrupt('2')];
  const cluster = [
    member('1', { errors }),
    member('2', { errors }),
    member('3', { errors: [...errors, 'etcdserver: no leader'] }),
    member('4', { errors, raftAppliedIndex: 1 }),
  ];
  expect(order(cluster)).toEqual(['4', '1', '3', '2']);
});

test("another member's alarm, which all of them tell, counts against that one only", () => {
  const errors = [noSpace('2')];
  expect(order([member('2', { errors }), member('3', { errors })])).toEqual(['3', '2']);
});

test('an endpoint that was named alone serves, even as leader or learner; the others only if it fails', () => {
  const others = [member('2', { named: 'no' }), member('3', { named: 'no', raftAppliedIndex: 1 })];
  expect(order([member('1', { named: 'alone' }), ...others])).toEqual(['1', '2', '3']);
  expect(order([member('4', { named: 'alone', learner: true }), ...others])).toEqual(['4', '2', '3']);
});

test('a learner serves only when it is named alone or by --from', () => {
  const cluster = [member('4', { learner: true }), member('1')];
  expect(order(cluster)).toEqual(['1']);
  expect(order(cluster, { endpoint: '10.0.0.4:2379' })).toEqual(['4']);
  expect(() => order([member('4', { learner: true })])).toThrow(
    expect.objectContaining({ code: 'etcd', reason: expect.stringContaining('10.0.0.4:2379 learner') }),
  );
});

test('--from is strict, whatever was named', () => {
  const cluster = [
    member('1', { named: 'alone' }),
    member('2', { named: 'no' }),
    member('3', { named: 'no' }),
  ];
  expect(order(cluster, 'leader')).toEqual(['1']);
  expect(order(cluster, 'follower')).toEqual(['2', '3']);
  expect(order(cluster, { endpoint: 'https://10.0.0.3:2379/' })).toEqual(['3']);
  expect(() => order([member('1')], 'follower')).toThrow(
    expect.objectContaining({ code: 'etcd', reason: expect.stringContaining('no follower') }),
  );
  expect(() => order(cluster, { endpoint: '10.0.0.9:2379' })).toThrow(
    expect.objectContaining({ code: 'etcd' }),
  );
  expect(() => order([member('2')], 'leader')).toThrow(expect.objectContaining({ code: 'etcd' }));
});

test('the hash is asked of another voter that is neither leader nor cut off nor corrupt, else of the one that serves', () => {
  const [leader, second, third] = [member('1'), member('2'), member('3', { raftAppliedIndex: 99 })];
  const learner = member('4', { learner: true });
  const hasher = (all: Candidate[], serving: Candidate) => chooseHashMember(all, serving)?.status.memberId;
  expect(hasher([leader, second, third, learner], second)).toBe('3');
  expect(hasher([leader, second, third], leader)).toBe('2');
  expect(hasher([leader, second], second)).toBe('2');
  expect(hasher([leader], leader)).toBe('1');
  expect(hasher([leader, learner], learner)).toBeUndefined();
  expect(hasher([leader, second, member('3', { leader: '0' })], second)).toBe('2');
  const errors = [corrupt('3')];
  expect(hasher([member('2', { errors }), member('3', { errors })], member('2', { errors }))).toBe('2');
});
