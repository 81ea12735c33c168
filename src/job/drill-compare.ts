/** What a restored etcd says, compared with what was read in the file; and that it can be used. */
import { randomBytes } from 'node:crypto';
import type { Keyspace } from '../bolt/keyspace.ts';
import type { Check } from '../catalog/verdict.ts';
import { disarmAlarms, listAlarms } from '../etcd/alarms.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { hashKV } from '../etcd/hashkv.ts';
import { listMembers } from '../etcd/members.ts';
import { countKeys, readAny } from '../etcd/read.ts';
import { memberStatus } from '../etcd/status.ts';
import { writeAndRemove } from '../etcd/write.ts';
import { count } from '../figures.ts';
import { differs, finding } from './checks.ts';
import { hashAndKeys } from './content.ts';

/** `clients` has one for each member; each is asked by itself. A failed check is given to `add`. */
export const compareRestored = async (
  clients: EtcdClient[],
  keyspace: Keyspace,
  add: (check: Check) => void,
  signal: AbortSignal,
): Promise<void> => {
  await finding('same as file', add, async () => {
    const said: string[] = [];
    for (const client of clients) said.push(await sameAsFile(client, clients.length, keyspace, signal));
    return clients.length === 1 ? `${said[0]}` : `${said[0]}, of each of ${clients.length} members`;
  });
  await usable(clients, add, signal);
};

/** What etcd says of itself must be what was read in the file; leases that ended since may have raised its revision. */
const sameAsFile = async (
  client: EtcdClient,
  members: number,
  { revision, compactRevision, keys, newest }: Keyspace,
  signal: AbortSignal,
): Promise<string> => {
  const { length } = await listMembers(client, { signal });
  if (length !== members) throw differs(`has ${length} members after the restore of ${members}`);
  const status = await memberStatus(client, { signal });
  const [found, hash] = [
    await countKeys(client, revision, { signal }),
    await hashKV(client, revision, { signal }),
  ];
  const at = `at revision ${count(revision)}`;
  if (status.revision < revision || (found !== null && found !== keys))
    throw differs(
      `is at revision ${count(status.revision)} with ${count(found ?? 0)} keys, but the file is ${at} with ${count(keys)}`,
    );
  // Of the revision that it is compacted to etcd says none (before 3.4.27 and 3.5.10), or one of before (etcd: hash.go).
  const none = hash.refused !== null || hash.compactRevision !== compactRevision || newest.hashKV === null;
  if (none) return `${count(keys)} keys ${at}; etcd says no hash of the revision it is compacted to`;
  if (hash.hash !== newest.hashKV)
    throw differs(
      `has other keys or values than the file: HashKV ${hash.hash} ${at}, and ${newest.hashKV} in the file`,
    );
  return `${hashAndKeys(hash.hash, keys)} ${at}`;
};

/** A write through one member is there for each: a linearizable read waits until it is. */
const usable = async (
  clients: EtcdClient[],
  add: (check: Check) => void,
  signal: AbortSignal,
): Promise<void> => {
  const [first] = clients;
  if (!first) return;
  const alarms = await listAlarms(first, { signal });
  const types = [...new Set(alarms.map(({ type }) => type))].join(', ');
  if (alarms.length > 0) {
    add({
      name: 'alarms',
      status: 'warning',
      detail: `${types} alarm in the snapshot: after a restore run \`etcdctl alarm disarm\``,
      seconds: null,
    });
    await disarmAlarms(first, { signal });
  }
  await finding('usable', add, async () => {
    await writeAndRemove(first, `snapback/drill/${randomBytes(8).toString('hex')}`, { signal });
    for (const client of clients) {
      await readAny(client, { serializable: true, signal });
      await readAny(client, { serializable: false, signal });
    }
    return alarms.length > 0 ? 'reads, writes after the disarm' : 'reads, writes; no alarm';
  });
};
