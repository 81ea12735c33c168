/** The throwaway etcd, from its start to its first answer through a quorum of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSnapbackError, messageOf, SnapbackError } from '../errors.ts';
import { type EtcdClient, openClient } from '../etcd/client.ts';
import { readAny } from '../etcd/read.ts';
import { refusalOf } from '../etcd/refusal.ts';
import { memberStatus } from '../etcd/status.ts';
import { isOfMachine } from '../programs/of-machine.ts';
import type { Throwaway } from '../programs/throwaway.ts';
import { differs } from './checks.ts';
import type { DrillSettings } from './drill-settings.ts';

/** A throwaway that ended says something about the snapshot; one that is slow says something about the machine. */
export const untilReady = async (
  throwaway: Throwaway,
  settings: DrillSettings,
  signal: AbortSignal,
): Promise<EtcdClient> => {
  const ended = throwaway.exited.then(({ code, signal: killedBy, reason }) => {
    // A full scratch, the kernel's killer for want of memory, a program that is gone.
    if (killedBy !== null || code === 127 || isOfMachine(reason)) throw notReady(reason);
    throw differs(`does not boot: the throwaway etcd ${reason}`);
  });
  ended.catch(() => {});
  const [endpoint = ''] = throwaway.endpoints;
  const until = Date.now() + Math.max(60_000, settings.idleTimeout);
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
): Promise<{ client: EtcdClient } | { error: unknown }> => {
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
    if (['login', 'denied', 'anonymous', 'no-auth'].includes(refusalOf(error))) throw wrongUser(error, user);
    return { error };
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

const wrongUser = (cause: unknown, user: string | null): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'log in to the restored etcd',
    object: user === null ? 'the snapshot' : `user ${user}`,
    reason:
      user === null
        ? 'has authentication enabled, and no user was given'
        : 'is not let in by the restored etcd',
    hint: 'Give the root user of the cluster that was saved: --user root --password-file FILE.',
    cause,
  });
