/** The throwaway etcd, from its start to its first answer through a quorum of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSnapbackError, messageOf, SnapbackError } from '../errors.ts';
import { type EtcdClient, openClient } from '../etcd/client.ts';
import { isHealthy } from '../etcd/health.ts';
import { readAny } from '../etcd/read.ts';
import { refusalOf } from '../etcd/refusal.ts';
import { memberStatus } from '../etcd/status.ts';
import { isOfMachine } from '../programs/of-machine.ts';
import type { Throwaway } from '../programs/throwaway.ts';
import { differs } from './checks.ts';
import type { DrillSettings } from './drill-settings.ts';

export type Ready = {
  /** One for each member, in their order; none where `closed`. */
  clients: EtcdClient[];
  /** They are healthy, but want a user for everything else, and none was given. */
  closed: boolean;
};

/** A throwaway that ended says something about the snapshot; one that is slow says something about the machine. */
export const untilReady = async (
  throwaway: Throwaway,
  settings: DrillSettings,
  signal: AbortSignal,
): Promise<Ready> => {
  const ended = throwaway.exited.then(({ code, signal: killedBy, reason }) => {
    // A full scratch, the kernel's killer for want of memory, a program that is gone.
    if (killedBy !== null || code === 127 || isOfMachine(reason)) throw notReady(reason);
    throw differs(`does not boot: the throwaway etcd ${reason}`);
  });
  ended.catch(() => {});
  const until = Date.now() + Math.max(60_000, settings.idleTimeout);
  const clients: EtcdClient[] = [];
  try {
    for (const endpoint of throwaway.endpoints) {
      const client = await untilOpen(endpoint, { settings, ended, until, signal });
      if (client) clients.push(client);
    }
    return { clients, closed: clients.length === 0 };
  } catch (error) {
    for (const client of clients) await client[Symbol.asyncDispose]();
    throw error;
  }
};

type Waiting = { settings: DrillSettings; ended: Promise<never>; until: number; signal: AbortSignal };

/** Null where it is healthy and wants a user whom nobody gave. */
const untilOpen = async (
  endpoint: string,
  { settings, ended, until, signal }: Waiting,
): Promise<EtcdClient | null> => {
  for (;;) {
    const ready = await Promise.race([tryOpen(endpoint, settings, signal), ended]);
    if ('client' in ready) return ready.client;
    if (Date.now() > until)
      throw notReady(`did not get ready within 60 s (${wordsOf(ready.error)})`, ready.error);
    await Promise.race([sleep(50, undefined, { signal }), ended]).catch(error => {
      throw signal.aborted ? signal.reason : error;
    });
  }
};

const tryOpen = async (
  endpoint: string,
  { user, password, dialTimeout, idleTimeout }: DrillSettings,
  signal: AbortSignal,
): Promise<{ client: EtcdClient | null } | { error: unknown }> => {
  const plain = { endpoints: [endpoint], cacert: null, cert: null, key: null, insecureSkipTlsVerify: false };
  try {
    const client = await openClient({ ...plain, user, password, dialTimeout, idleTimeout }, endpoint, {
      signal,
    });
    try {
      const { leader } = await memberStatus(client, { signal });
      if (leader === '0') throw new Error('it has no leader yet');
      await readAny(client, { serializable: false, signal });
      return { client };
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error);
    if (user !== null && ['login', 'denied', 'anonymous', 'no-auth'].includes(refusal))
      throw wrongUser(error, user);
    if (refusal !== 'anonymous') return { error };
    const healthy = await isHealthy(endpoint.slice('unix:'.length), {
      milliseconds: dialTimeout,
      signal,
    }).catch(() => false);
    signal.throwIfAborted();
    return healthy ? { client: null } : { error };
  }
};

const wordsOf = (error: unknown): string => (isSnapbackError(error) ? error.reason : messageOf(error));

const notReady = (reason: string, cause?: unknown): SnapbackError =>
  new SnapbackError('failed', {
    operation: 'wait for the throwaway etcd',
    object: 'the throwaway etcd',
    reason,
    hint: 'This says nothing about the snapshot: look at the load, the memory and the disks of this machine (--scratch DIR names another) and try again.',
    cause,
  });

const wrongUser = (cause: unknown, user: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'log in to the restored etcd',
    object: `user ${user}`,
    reason: 'is not let in by the restored etcd',
    hint: 'Give the root user of the cluster that was saved: --user root --password-file FILE. Without a user what can be compared without one is.',
    cause,
  });
