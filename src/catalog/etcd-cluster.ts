/**
 * Which etcd clusters a lineage has been taken from: one record for the first, and one for each that came after
 * it, as after a restore. They keep two clusters from being saved into one folder.
 */
import * as v from 'valibot';
import { isSnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { checkFields, documentBytes, parseDocument, readSmall } from './document.ts';
import type { Accepted } from './etcd-cluster-rule.ts';
import * as f from './fields.ts';
import { stamp } from './id.ts';

/** cluster.<time>.<etcd-cluster-id>.json: from `since` on this etcd cluster id belongs to the lineage. */
export type EtcdCluster = {
  format: 1;
  kind: 'etcd-cluster';
  lineage: string;
  clusterId: string;
  since: string;
  accepted: Accepted;
  members: f.Member[];
};

const schema: v.GenericSchema<unknown, EtcdCluster> = v.looseObject({
  format: f.format,
  kind: v.literal('etcd-cluster', 'not etcd-cluster'),
  lineage: f.lineageId,
  clusterId: f.etcdId,
  since: f.time,
  accepted: v.picklist(['first', 'named', 'by id'], 'none of first, named, by id'),
  members: v.array(f.member),
});

/**
 * The records of a lineage, oldest first, so that the last one is the current one; those of another lineage are
 * left out. `names` are a listing's, oldest first. `integrity` for one that is damaged: the rule must not be decided on a part.
 */
export const readEtcdClusters = async (
  store: Store,
  names: string[],
  lineage: string,
  options: { signal: AbortSignal },
): Promise<EtcdCluster[]> => {
  const found: EtcdCluster[] = [];
  for (const name of names) {
    const bytes = await readSmall(store, name, options);
    const record = checkFields(schema, parseDocument(bytes, 'etcd-cluster', name), name);
    if (record.lineage === lineage) found.push(record);
  }
  return found;
};

/**
 * Records that an etcd cluster now belongs to the lineage; written right before the first manifest of it. The
 * name's time is later than that of every record before, whatever the clock says. When another run has just
 * written the same record that is as good.
 */
export const recordEtcdCluster = async (
  store: Store,
  cluster: string,
  record: Pick<EtcdCluster, 'lineage' | 'clusterId' | 'accepted' | 'members'>,
  options: { before: EtcdCluster[]; now: Date; signal: AbortSignal },
): Promise<EtcdCluster> => {
  const since = later(options.now, options.before.at(-1));
  const whole: EtcdCluster = { format: 1, kind: 'etcd-cluster', ...record, since: since.toISOString() };
  const name = `${cluster}/cluster.${stamp(since)}.${record.clusterId}.json`;
  try {
    await store.put(name, documentBytes(schema, { ...whole }, name), options);
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'refused') throw error;
  }
  return whole;
};

const later = (now: Date, last: EtcdCluster | undefined): Date => {
  const next = last ? Math.floor(Date.parse(last.since) / 1000) * 1000 + 1000 : 0;
  return new Date(Math.max(now.getTime(), next));
};
