/** What one member says of itself and its cluster at a moment in which nobody writes to it. */
import type { Etcd3 } from 'etcd3';
import { type Alarm, listAlarms } from '../../src/etcd/alarms.ts';
import { type EtcdClient, openClient } from '../../src/etcd/client.ts';
import { hashKV } from '../../src/etcd/hashkv.ts';
import { listMembers, type Member } from '../../src/etcd/members.ts';
import { countKeys } from '../../src/etcd/read.ts';
import type { EtcdSettings } from '../../src/etcd/settings.ts';
import { type MemberStatus, memberStatus } from '../../src/etcd/status.ts';

export type LeaseFacts = {
  /** Decimal. */
  id: string;
  /** Seconds that it was granted for. */
  ttl: number;
  /** The keys that it holds, in order. */
  keys: Buffer[];
};

export type RevisionFacts = {
  revision: number;
  /** HashKV, and the compact revision (-1 without any) that it holds for. */
  hash: number;
  compactRevision: number;
  /** How many keys there are at that revision. */
  keys: number;
};

export type EtcdFacts = {
  status: MemberStatus;
  /** Newest first, among them the current one. */
  revisions: [RevisionFacts, ...RevisionFacts[]];
  members: Member[];
  alarms: Alarm[];
  leases: LeaseFacts[];
  /** The names, each user with its roles. */
  users: { name: string; roles: string[] }[];
  roles: string[];
};

const { signal } = new AbortController();

/** `older` are revisions before the current one to be asked for too, above the compact revision. */
export const factsOf = async (settings: EtcdSettings, older: number[]): Promise<EtcdFacts> => {
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  const status = await memberStatus(client, { signal });
  return {
    status,
    revisions: [
      await revisionFacts(client, status.revision),
      ...(await Promise.all(older.map(revision => revisionFacts(client, revision)))),
    ],
    members: await listMembers(client, { signal }),
    alarms: await listAlarms(client, { signal }),
    ...(await ask(client, async etcd3 => ({ leases: await leasesOf(etcd3), ...(await authOf(etcd3)) }))),
  };
};

const revisionFacts = async (client: EtcdClient, revision: number): Promise<RevisionFacts> => {
  const [answer, keys] = [
    await hashKV(client, revision, { signal }),
    await countKeys(client, revision, { signal }),
  ];
  if (answer.refused !== null || keys === null) throw new Error(`nothing is said of revision ${revision}`);
  return { revision, hash: answer.hash, compactRevision: answer.compactRevision, keys };
};

type Asked = { etcd3: Etcd3; options: Parameters<Parameters<EtcdClient['etcd3']>[0]>[1] };

const ask = <T>(client: EtcdClient, run: (asked: Asked) => Promise<T>): Promise<T> =>
  client.etcd3((etcd3, options) => run({ etcd3, options }), { operation: 'ask for the facts', signal });

const leasesOf = async ({ etcd3, options }: Asked): Promise<LeaseFacts[]> => {
  const { leases } = await etcd3.leaseClient.leaseLeases(options);
  const facts = leases.map(async ({ ID }) => {
    const answer = await etcd3.leaseClient.leaseTimeToLive({ ID, keys: true }, options);
    return { id: ID, ttl: Number(answer.grantedTTL), keys: answer.keys.toSorted(Buffer.compare) };
  });
  return (await Promise.all(facts)).toSorted((a, b) => Number(BigInt(a.id) - BigInt(b.id)));
};

const authOf = async ({ etcd3, options }: Asked): Promise<Pick<EtcdFacts, 'users' | 'roles'>> => {
  const [{ users }, { roles }] = [await etcd3.auth.userList(options), await etcd3.auth.roleList(options)];
  const named = users.map(async name => ({
    name,
    roles: (await etcd3.auth.userGet({ name }, options)).roles,
  }));
  return { users: await Promise.all(named), roles };
};
