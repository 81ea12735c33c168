/** The store that snapshots are copied to: what it has, and that it is of the same lineage. */

import { countFor } from '../catalog/count-for.ts';
import { giveEtcdClusters, readEtcdClusters } from '../catalog/etcd-cluster.ts';
import { giveLineage, readLineage, startLineage } from '../catalog/lineage.ts';
import { type Listing, readNames } from '../catalog/listing.ts';
import { SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import type { CopySettings } from './copy-settings.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { openOther } from './other-store.ts';
import { tool } from './tool.ts';

export type CopyTarget = {
  store: Store;
  listing: Listing;
  /** Bytes by name, with the cluster, of all that is there. */
  sizes: Map<string, number>;
  /** Writes cluster.json and the records of etcd clusters where they are not there yet. */
  begin(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Opens it. Throws `usage` without a location, `refused` for a folder of another lineage, for one with snapshots and no
 * cluster.json, and where the source's own lineage is not known.
 */
export const openTarget = async (
  source: OpenCatalog,
  settings: CopySettings,
  { signal, log }: Context,
): Promise<CopyTarget> => {
  if (settings.to === null) throw nowhere();
  const { cluster, lineage, trust } = source;
  const store = await openOther(settings.to, settings.store, { signal, log });
  try {
    const sizes = new Map<string, number>();
    const listed = [];
    for await (const one of store.list(cluster, { signal })) {
      listed.push(one);
      sizes.set(one.name, one.size);
    }
    const listing = await countFor(store, readNames(cluster, listed), null, { trust, signal });
    const recorded = await readLineage(store, cluster, { signal });
    if (lineage === null && source.listing.entries.length > 0) throw lost(cluster, source.store.location);
    if (recorded && lineage !== null && recorded.lineage !== lineage)
      throw other(cluster, store.location, recorded.lineage, lineage);
    if (!recorded && listing.entries.length > 0) throw lost(cluster, store.location);
    const begin = async () => {
      if (lineage === null) return;
      const theirs = await readLineage(source.store, cluster, { signal });
      if (!recorded && theirs?.lineage === lineage) await giveLineage(store, theirs, { signal });
      else if (!recorded)
        await startLineage(store, cluster, { tool, now: new Date(), named: lineage, signal });
      const all = await readEtcdClusters(source.store, source.listing.etcdClusters, lineage, { signal });
      const there = await readEtcdClusters(store, listing.etcdClusters, lineage, { signal });
      await giveEtcdClusters(store, cluster, { all, there }, { signal });
    };
    return { store, listing, sizes, begin, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
};

const nowhere = (): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'read the options',
    object: 'the copy',
    reason: 'has no store to go to',
    hint: 'Name it: --to LOCATION',
  });

const refused = (object: string, reason: string, hint: string): SnapbackError =>
  new SnapbackError('refused', { operation: 'copy', object, reason, hint });

const other = (cluster: string, location: string, found: string, wanted: string): SnapbackError =>
  refused(
    `${cluster}/ in ${location}`,
    `belongs to the lineage ${found}, and the snapshots to ${wanted}: they are backups of different clusters`,
    'Copy into another store.',
  );

const lost = (cluster: string, location: string): SnapbackError =>
  refused(
    `${cluster}/ in ${location}`,
    'has snapshots but no cluster.json, so whose they are cannot be checked',
    'Put cluster.json back from a copy (docs/format.md says what is in it), or where the source lacks it name --lineage ID.',
  );
