/** A restore into a throwaway etcd, and what that etcd says compared with what was recorded of the living one. */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
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
  settings: DrillSettings,
  add: (check: Check) => void,
  signal: AbortSignal,
): Promise<void> => {
  const { recorded } = settings;
  await finding('revision', add, async () => {
    const [{ revision }, members] = await Promise.all([
      memberStatus(client, { signal }),
      listMembers(client, { signal }),
    ]);
    if (members.length !== 1) throw differs(`has ${members.length} members after the restore of one`);
    const least = recorded?.etcd.revisionBefore ?? null;
    if (least !== null && revision < least)
      throw differs(
        `is at revision ${count(revision)}, but the living cluster was at ${count(least)} before the snapshot`,
      );
    return `${count(revision)}${least === null ? '' : `, recorded at least ${count(least)}`}`;
  });
  await sameAsLiving(client, recorded, add, signal);
  await usable(client, add, signal);
};

const sameAsLiving = async (
  client: EtcdClient,
  recorded: DrillSettings['recorded'],
  add: (check: Check) => void,
  signal: AbortSignal,
): Promise<void> => {
  const skip = (detail: string) => add({ name: 'same as living', status: 'skipped', detail, seconds: null });
  if (!recorded) return skip('a file has no record of the living cluster');
  const { fingerprint } = recorded;
  if (!fingerprint) return skip(`not comparable: ${recorded.fingerprintSkipped}`);
  const { revision, compactRevision } = fingerprint;
  const begun = performance.now();
  const found = await hashKV(client, revision, { signal });
  if (found.refused !== null) return skip(`not comparable: ${found.reason} in the snapshot`);
  if (found.compactRevision !== compactRevision)
    return skip(
      `not comparable: compacted to ${count(found.compactRevision)} in the snapshot, to ${count(compactRevision)} when the hash was taken`,
    );
  const keys = await countKeys(client, revision, { signal });
  const seconds = (performance.now() - begun) / 1000;
  const same = found.hash === fingerprint.hashKV && (keys === null || keys === fingerprint.keys);
  add({
    name: 'same as living',
    status: same ? 'pass' : 'fail',
    detail: same
      ? `${hashAndKeys(found.hash, keys)} at revision ${count(revision)}`
      : `${hashAndKeys(fingerprint.hashKV, fingerprint.keys)} recorded at revision ${count(revision)}, ${hashAndKeys(found.hash, keys)} found`,
    seconds,
  });
};

const hashAndKeys = (hash: number, keys: number | null): string =>
  `HashKV ${hash}${keys === null ? '' : `, ${count(keys)} keys`}`;

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
