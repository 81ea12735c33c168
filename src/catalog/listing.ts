/** One listing of a cluster's folder, and all that follows from the names in it. */
import type { Listed, ListOptions, Store } from '../store/store.ts';
import { timeOf } from './id.ts';
import { type Named, parseName, type VerdictName } from './names.ts';
import { standing } from './standing.ts';

/** A snapshot: a manifest is there and its removal has not begun. */
export type Entry = {
  cluster: string;
  id: string;
  /** The time of the id. */
  started: Date;
  /** The object's file name and size in bytes; null when it is missing, and the snapshot is bad then. */
  objectName: string | null;
  objectSize: number | null;
  manifestSize: number;
  signed: boolean;
  pinned: boolean;
  verdicts: VerdictName[];
  /** A fail stands, or the object is missing. */
  bad: boolean;
  /** The newest fail that stands. */
  failed: VerdictName | null;
  /** The drill that verified it. */
  verified: VerdictName | null;
  /** All files that begin with its id and that this version knows, without the cluster. */
  files: string[];
  /** Files that begin with its id and that this version does not know. */
  others: string[];
};

/** Files of an id without a snapshot: an orphan, or what is left of a removal. */
export type Leftover = {
  cluster: string;
  id: string;
  files: { name: string; size: number; modified: Date }[];
};

export type Listing = {
  cluster: string;
  /** Newest first. */
  entries: Entry[];
  /** Objects, and what came with them, that have neither manifest nor marker: a save that did not end, or is under way. */
  orphans: Leftover[];
  /** What has a marker: a removal that has begun, to be finished by the next prune. */
  removing: Leftover[];
  /** cluster.json is there. */
  hasLineage: boolean;
  /** The records of the etcd clusters that were saved here, oldest first; with the cluster. */
  etcdClusters: string[];
  /** Names that this version does not know: never removed, never orphans. */
  unknown: string[];
  /** Known names of an id of which there is neither manifest, object nor marker, such as a verdict left behind. */
  strays: string[];
};

/** True for a folder with a file that only this program writes; a cluster.json alone may be any tool's. */
export const hasOurs = ({ entries, orphans, removing, etcdClusters }: Listing): boolean =>
  [entries, orphans, removing, etcdClusters].some(({ length }) => length > 0);

/** Lists a cluster once, or as much of it as the options say. A cluster that is not there is an empty listing. */
export const listSnapshots = async (
  store: Store,
  cluster: string,
  options: ListOptions,
): Promise<Listing> => {
  const listed: Listed[] = [];
  for await (const one of store.list(cluster, options)) listed.push(one);
  return readNames(cluster, listed);
};

/** The same from names that were listed already. Pure. */
export const readNames = (cluster: string, listed: Listed[]): Listing => {
  const groups = new Map<string, File[]>();
  const listing: Listing = {
    cluster,
    entries: [],
    orphans: [],
    removing: [],
    hasLineage: false,
    etcdClusters: [],
    unknown: [],
    strays: [],
  };
  for (const one of [...listed].sort((a, b) => (a.name < b.name ? 1 : -1))) {
    const file = one.name.slice(cluster.length + 1);
    const named = parseName(file);
    if (named.kind === 'lineage') listing.hasLineage = true;
    if (named.kind === 'etcd-cluster') listing.etcdClusters.unshift(one.name);
    if (named.kind === 'other') listing.unknown.push(file);
    if (!('id' in named) || named.id === null) continue;
    const files = groups.get(named.id) ?? [];
    groups.set(named.id, files);
    files.push({ ...one, name: file, named });
  }
  for (const [id, files] of groups) sortOut(listing, id, files);
  listing.unknown.reverse();
  return listing;
};

type File = Listed & { named: Named };

const sortOut = (listing: Listing, id: string, files: File[]): void => {
  const has = (kind: Named['kind']) => files.some(file => file.named.kind === kind);
  const { cluster } = listing;
  const known = files.filter(file => file.named.kind !== 'other').map(({ named: _, ...file }) => file);
  const leftover: Leftover = { cluster, id, files: known.reverse() };
  if (has('removed')) listing.removing.push(leftover);
  else if (has('manifest')) listing.entries.push(entryOf(cluster, id, files));
  else if (has('object')) listing.orphans.push(leftover);
  else listing.strays.push(...known.map(file => file.name));
};

const entryOf = (cluster: string, id: string, files: File[]): Entry => {
  const of = (kind: Named['kind']) => files.filter(file => file.named.kind === kind);
  const [object] = of('object');
  const verdicts = files.flatMap(file => (file.named.kind === 'verdict' ? [file.named.verdict] : []));
  const { failed, verified } = standing(verdicts);
  return {
    cluster,
    id,
    started: timeOf(id),
    objectName: object?.name ?? null,
    objectSize: object?.size ?? null,
    manifestSize: of('manifest')[0]?.size ?? 0,
    signed: of('signature').length > 0,
    pinned: of('pin').length > 0,
    verdicts,
    bad: failed !== null || !object,
    failed,
    verified: object ? verified : null,
    files: files
      .filter(file => file.named.kind !== 'other')
      .map(file => file.name)
      .reverse(),
    others: of('other')
      .map(file => file.name)
      .reverse(),
  };
};
