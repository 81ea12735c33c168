/** etcd's alarms: NOSPACE stops all writes, CORRUPT all keys. They are the cluster's and outlive a restore. */
import type { EtcdClient } from './client.ts';

export type Alarm = { memberId: string; type: 'NOSPACE' | 'CORRUPT' };

/** The alarms among the `errors` of a status, which needs no quorum, unlike the call for them. */
export const alarmsIn = (errors: string[]): Alarm[] =>
  errors.flatMap(text => {
    const found = /memberID:(\d+)\s+alarm:(NOSPACE|CORRUPT)\b/.exec(text);
    return found?.[1] ? [{ memberId: found[1], type: found[2] as Alarm['type'] }] : [];
  });

/** etcd asks its quorum even to list them (etcd: server/etcdserver/v3_server.go, Alarm). Throws `etcd`, or the signal's reason. */
export const listAlarms = async (
  client: EtcdClient,
  { signal }: { signal: AbortSignal },
): Promise<Alarm[]> => {
  const answer = await client.etcd3((etcd3, options) => etcd3.maintenance.alarm({ action: 'Get' }, options), {
    operation: 'list the alarms',
    signal,
  });
  return answer.alarms.flatMap(({ memberID, alarm }) => {
    const type = String(alarm).toUpperCase();
    return type === 'NOSPACE' || type === 'CORRUPT' ? [{ memberId: memberID, type }] : [];
  });
};

/** Takes away every alarm that there is and returns them. Throws `etcd`, or the signal's reason. */
export const disarmAlarms = async (
  client: EtcdClient,
  { signal }: { signal: AbortSignal },
): Promise<Alarm[]> => {
  const alarms = await listAlarms(client, { signal });
  for (const { memberId, type } of alarms) {
    await client.etcd3(
      (etcd3, options) =>
        etcd3.maintenance.alarm(
          { action: 'Deactivate', memberID: memberId, alarm: type === 'NOSPACE' ? 'Nospace' : 'Corrupt' },
          options,
        ),
      { operation: 'disarm the alarms', signal },
    );
  }
  return alarms;
};
