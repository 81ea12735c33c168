/** A restore into a throwaway etcd, and what that etcd says compared with what was read in the file. */
import type { Check } from '../catalog/verdict.ts';
import { startThrowaway } from '../programs/throwaway.ts';
import { type Ready, untilReady } from './boot.ts';
import { finding } from './checks.ts';
import type { Context } from './context.ts';
import { compareRestored } from './drill-compare.ts';
import { drillMembers, restoreMembers } from './drill-members.ts';
import type { DrillSettings } from './drill-settings.ts';

/** `add` is given each check as it ends; a failed one ends the drill. Throws what says nothing about the snapshot. */
export const drill = async (
  settings: DrillSettings,
  add: (check: Check) => void,
  context: Context,
): Promise<void> => {
  const { signal } = context;
  const { programs } = settings;
  const members = drillMembers(settings);
  const several = members.length > 1 ? `, ${members.length} members` : '';
  const restored = await finding('restored', add, async () => {
    await restoreMembers(members, settings, signal);
    const by = programs.etcdutl
      ? `etcdutl ${programs.versions.etcdutl}`
      : `etcdctl ${programs.versions.etcdctl}`;
    return `${by}${several}`;
  });
  if (!restored) return;
  await using throwaway = await startThrowaway(programs, {
    dataDirs: members,
    scratch: settings.scratch,
    quotaBytes: Math.max(2 * settings.size, 2 ** 31),
    dialTimeout: 60_000,
    removeIfKilled: [settings.scratch],
    signal,
  });
  const opened: { ready: Ready | null } = { ready: null };
  try {
    const started = await finding('etcd started', add, async () => {
      opened.ready = await untilReady(throwaway, settings, signal);
      return `${programs.versions.etcd}${several}, healthy`;
    });
    if (!started || !opened.ready) return;
    const { clients, closed } = opened.ready;
    if (closed) for (const name of ['same as file', 'usable']) add(notAsked(name));
    else await compareRestored(clients, settings.keyspace, add, signal);
  } finally {
    for (const client of opened.ready?.clients ?? []) await client[Symbol.asyncDispose]();
  }
};

const notAsked = (name: string): Check => ({
  name,
  status: 'skipped',
  detail:
    'not asked: authentication is enabled, and etcd tells nobody but the root user of the cluster that was saved (--user root --password-file FILE)',
  seconds: null,
});
