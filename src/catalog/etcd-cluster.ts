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
  const since = later(options.now, options.before.at(-1)).toISOString();
  const whole: EtcdCluster = { format: 1, kind: 'etcd-cluster', ...record, since };
  await writeEtcdCluster(store, cluster, whole, options);
  return whole;
};

/** Writes those of a lineage's records that a store does not have; their names. */
export const giveEtcdClusters = async (
  store: Store,
  cluster: string,
  records: { all: EtcdCluster[]; there: EtcdCluster[] },
  options: { signal: AbortSignal },
): Promise<string[]> => {
  const there = new Set(records.there.map(record => fileOf(record)));
  const missing = records.all.filter(record => !there.has(fileOf(record)));
  for (const record of missing) await writeEtcdCluster(store, cluster, record, options);
  return missing.map(fileOf);
};

/** The records of one lineage from several stores, each once, oldest first. Pure. */
export const mergeEtcdClusters = (stores: EtcdCluster[][]): EtcdCluster[] =>
  [...new Map(stores.flat().map(record => [fileOf(record), record])).values()].sort((a, b) =>
    fileOf(a) < fileOf(b) ? -1 : 1,
  );

const writeEtcdCluster = async (
  store: Store,
  cluster: string,
  record: EtcdCluster,
  { signal }: { signal: AbortSignal },
): Promise<void> => {
  const name = `${cluster}/${fileOf(record)}`;
  try {
    await store.put(name, documentBytes(schema, { ...record }, name), { signal });
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'refused') throw error;
  }
};

const fileOf = ({ since, clusterId }: EtcdCluster): string =>
  `cluster.${stamp(new Date(since))}.${clusterId}.json`;

const later = (now: Date, last: EtcdCluster | undefined): Date => {
  const next = last ? Math.floor(Date.parse(last.since) / 1000) * 1000 + 1000 : 0;
  return new Date(Math.max(now.getTime(), next));
};
