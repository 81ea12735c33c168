/** The good snapshot before another one, as far as it is needed to compare the two. */
import { join } from 'node:path';
import type { Entry } from '../catalog/listing.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { readManifest } from '../catalog/read.ts';
import { isSnapbackError } from '../errors.ts';
import type { Context } from './context.ts';
import { countGroups, type Groups } from './expectation-counts.ts';
import { fetchSnapshot } from './fetch.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { checkIdentities } from './open-stored.ts';
import { openScratch, spaceForContent } from './scratch.ts';
import type { VerifySettings } from './verify-settings.ts';

export type PreviousGood = {
  manifest: Manifest;
  /** Fetches and reads it, in a scratch folder of its own. */
  groups(): Promise<Groups>;
};

/** Why there is nothing to compare with: reads on from the snapshot that it is of. */
export type NoPrevious = { reason: string };

/** Gives the reason where there is none or its manifest cannot be read; throws the signal's reason. */
export const previousGood = async (
  { store, listing, lineage, trust }: OpenCatalog,
  { id }: Entry,
  { identities, scratch }: Pick<VerifySettings, 'identities' | 'scratch'>,
  context: Context,
): Promise<PreviousGood | NoPrevious> => {
  const { signal } = context;
  const before = listing.entries.find(one => one.id < id && !one.bad);
  if (!before) return { reason: 'there is no good snapshot before it' };
  try {
    const { manifest } = await readManifest(store, before, { lineage, trust, signal });
    const groups = async (): Promise<Groups> => {
      await checkIdentities(manifest, identities);
      await using own = await openScratch(scratch, spaceForContent(manifest.plain.size));
      const database = {
        file: join(own.path, 'snapshot.db'),
        name: `snapshot ${before.id}`,
        scratch: own.path,
      };
      await fetchSnapshot(store, manifest, database.file, identities, context);
      return await countGroups(database, context);
    };
    return { manifest, groups };
  } catch (error) {
    return { reason: whyUnread(error, before.id, context) };
  }
};

/** What says why a snapshot could not be read; throws the signal's reason, and what nobody foresaw. */
export const whyUnread = (error: unknown, id: string, { signal }: Pick<Context, 'signal'>): string => {
  signal.throwIfAborted();
  if (!isSnapbackError(error)) throw error;
  return `${id}, the one before, could not be read: ${error.object} ${error.reason}`;
};
