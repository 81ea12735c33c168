/** A restore into a throwaway etcd, and what that etcd says compared with what was read in the file. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
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
import { restoreDataDir } from '../programs/restore.ts';
import { startThrowaway } from '../programs/throwaway.ts';
import { throwawayPeerUrl } from '../programs/throwaway-arguments.ts';
import { untilReady } from './boot.ts';
import { differs, finding } from './checks.ts';
import { hashAndKeys } from './content.ts';
import type { Context } from './context.ts';
import type { DrillSettings } from './drill-settings.ts';

/** `add` is given each check as it ends; a failed one ends the drill. Throws what says nothing about the snapshot. */
export const drill = async (
  settings: DrillSettings,
  add: (check: Check) => void,
  context: Context,
): Promise<void> => {
  const { signal } = context;
  const dataDir = join(settings.scratch, 'data');
  const peerUrl = throwawayPeerUrl('m0');
  const restored = await finding('restored', add, async () => {
    await restoreDataDir(settings.programs, {
      file: settings.file,
      dataDir,
      walDir: null,
      name: 'm0',
      initialCluster: `m0=${peerUrl}`,
      // Random, so that it can never be taken for a member of the living cluster.
      initialClusterToken: `drill-${randomBytes(8).toString('hex')}`,
      initialAdvertisePeerUrls: [peerUrl],
      skipHashCheck: true,
      bumpRevision: null,
      signal,
    });
    const { programs } = settings;
    return programs.etcdutl ? `etcdutl ${programs.versions.etcdutl}` : `etcdctl ${programs.versions.etcdctl}`;
  });
  if (!restored) return;
  await using throwaway = await startThrowaway(settings.programs, {
    dataDirs: [{ name: 'm0', dataDir, peerUrl }],
    scratch: settings.scratch,
    quotaBytes: Math.max(2 * settings.size, 2 ** 31),
    dialTimeout: 60_000,
    removeIfKilled: [settings.scratch],
    signal,
  });
  const opened: { client: EtcdClient | null } = { client: null };
  try {
    const started = await finding('etcd started', add, async () => {
      opened.client = await untilReady(throwaway, settings, signal);
      return `${settings.programs.versions.etcd}, healthy`;
    });
    if (!started || !opened.client) return;
    await compare(opened.client, settings, add, signal);
  } finally {
    await opened.client?.[Symbol.asyncDispose]();
  }
};

const compare = async (
  client: EtcdClient,
  { keyspace }: DrillSettings,
  add: (check: Check) => void,
  signal: AbortSignal,
): Promise<void> => {
  await finding('same as file', add, async () => await sameAsFile(client, keyspace, signal));
  await usable(client, add, signal);
};

/** What etcd says of itself must be what was read in the file; leases that ended since may have raised its revision. */
const sameAsFile = async (
  client: EtcdClient,
  { revision, compactRevision, keys, newest }: Keyspace,
  signal: AbortSignal,
): Promise<string> => {
  const { length } = await listMembers(client, { signal });
  if (length !== 1) throw differs(`has ${length} members after the restore of one`);
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

const usable = async (
  client: EtcdClient,
  add: (check: Check) => void,
  signal: AbortSignal,
): Promise<void> => {
  const alarms = await listAlarms(client, { signal });
  const types = [...new Set(alarms.map(({ type }) => type))].join(', ');
  if (alarms.length > 0) {
    add({
      name: 'alarms',
      status: 'warning',
      detail: `${types} alarm in the snapshot: after a restore run \`etcdctl alarm disarm\``,
      seconds: null,
    });
    await disarmAlarms(client, { signal });
  }
  await finding('usable', add, async () => {
    await readAny(client, { serializable: true, signal });
    await readAny(client, { serializable: false, signal });
    await writeAndRemove(client, `snapback/drill/${randomBytes(8).toString('hex')}`, { signal });
    return alarms.length > 0 ? 'reads, writes after the disarm' : 'reads, writes; no alarm';
  });
};
