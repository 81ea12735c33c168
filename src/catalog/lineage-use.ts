/** Which lineage a command works on in a folder. Pure. */
import { SnapbackError } from '../errors.ts';
import { type Lineage, otherLineage } from './lineage.ts';

export type LineageUse =
  /** The folder has no history yet: `startLineage` begins it, with `named` where that is set. */
  | { state: 'start'; named: string | null }
  /** Only manifests of this lineage are to be believed. */
  | { state: 'known'; lineage: string }
  /** cluster.json is lost: manifests can be read with this warning, of whatever lineage they say. */
  | { state: 'lost'; warning: string }
  /** Nothing is here. */
  | { state: 'empty' };

/**
 * `read` is for list, show, verify, restore; `remove` for prune, remove, pin; `save` for save.
 *
 * `named` is --lineage. To save it can only confirm what cluster.json says, or begin a new folder with that id
 * (a second store for the same cluster). For the others it means: work on the snapshots of that lineage, even
 * if the folder now belongs to another, which then are the ones that are refused. Where cluster.json is lost it
 * makes readers believe that lineage alone.
 *
 * `usage` for a named lineage that is none; `refused` where the folder belongs to another, or where something
 * would be written or removed in a folder that has manifests and no cluster.json.
 */
export const useLineage = (
  use: 'read' | 'remove' | 'save',
  folder: { cluster: string; recorded: Lineage | null; hasManifests: boolean },
  named: string | null,
): LineageUse => {
  if (named !== null && !/^[0-9a-f]{32}$/.test(named)) throw notALineage(named);
  const { cluster, recorded, hasManifests } = folder;
  if (recorded && use === 'save' && named !== null && named !== recorded.lineage)
    throw otherLineage(cluster, recorded, named);
  if (recorded) return { state: 'known', lineage: named ?? recorded.lineage };
  if (!hasManifests) return use === 'save' ? { state: 'start', named } : { state: 'empty' };
  if (use !== 'read') throw lost(cluster);
  if (named !== null) return { state: 'known', lineage: named };
  const warning = `${cluster}/ has snapshots but no cluster.json, so whose they are cannot be checked`;
  return { state: 'lost', warning };
};

const notALineage = (named: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'read --lineage',
    object: JSON.stringify(named.slice(0, 60)),
    reason: 'is not a lineage: that is 32 hex digits in lower case',
    hint: 'It stands in cluster.json and in every manifest; `snapback show` prints it.',
  });

const lost = (cluster: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'use the folder of the cluster',
    object: `${cluster}/`,
    reason: 'has snapshots but no cluster.json, so whose they are cannot be checked',
    hint: 'Put cluster.json back from a copy (docs/format.md says what is in it), or save under another --cluster.',
  });
