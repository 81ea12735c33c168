/** A cluster's folder, opened: its store, its listing, and whose snapshots are to be believed. */
import { readLineage } from '../catalog/lineage.ts';
import { useLineage } from '../catalog/lineage-use.ts';
import type { Listing } from '../catalog/listing.ts';
import { checkClusterName } from '../catalog/names.ts';
import { listFor } from '../catalog/newest.ts';
import type { Question } from '../catalog/question.ts';
import { type Trust, trustOf } from '../catalog/trust-key.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import type { StoreSettings } from './settings.ts';

export type OpenCatalog = {
  store: Store;
  cluster: string;
  /**
   * All of it, or as much of its newest part as the command's question needs. With trusted keys only verdicts that they
   * signed count, and those are read as far as the question needs it.
   */
  listing: Listing;
  /** Null where cluster.json is lost or nothing is there yet: then any lineage is read. */
  lineage: string | null;
  /** Whose signatures are believed. */
  trust: Trust;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Opens the folder for a command that reads, or that removes (and pins). Warns where cluster.json is lost and the
 * command only reads, else throws `refused`. Throws `usage` for a location or a name that is none, and for a trusted key
 * that cannot be used. A command that only asks a question of the listing gives it, and then less may be listed.
 */
export const openCatalog = async (
  settings: StoreSettings,
  use: 'read' | 'remove',
  { signal, log }: Pick<Context, 'signal' | 'log'>,
  question: Question | null = null,
): Promise<OpenCatalog> => {
  const { cluster } = settings;
  checkClusterName(cluster);
  const trust = trustOf(settings.trustKeys);
  const store = await openStore(settings, { signal, log });
  try {
    const [listing, recorded] = await Promise.all([
      listFor(store, cluster, question, { now: new Date(), trust, signal }),
      readLineage(store, cluster, { signal }),
    ]);
    const hasManifests = listing.entries.length > 0;
    const used = useLineage(use, { cluster, recorded, hasManifests }, settings.lineage);
    if (used.state === 'lost') log.warn(used.warning);
    return {
      store,
      cluster,
      listing,
      lineage: used.state === 'known' ? used.lineage : null,
      trust,
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
};
