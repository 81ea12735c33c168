/**
 * How much of a folder is listed for a SNAPSHOT: the newest part where that tells as much as the whole. All names
 * of a snapshot begin with its id, and so with its time, and those of the cluster sort after all ids; so a listing
 * from a time on has everything of what is newer, and misses nothing but what is older.
 */
import { isSnapbackError } from '../errors.ts';
import type { Listed, Store } from '../store/store.ts';
import { isId, stamp } from './id.ts';
import { type Entry, type Listing, listSnapshots, readNames } from './listing.ts';
import { selectSnapshot } from './select.ts';

/** A question that the newest part of a folder may answer. */
export type Question = {
  /** As a person wrote them. */
  snapshots: string[];
  before: Date | null;
  /** As `selectSnapshot` has it. */
  skipBad?: boolean;
  /** The answer also names the newest verified one, and for `another` one that was not asked for. */
  newestVerified?: 'any' | 'another';
};

/**
 * Lists the newest part of a cluster's folder when the question has the same answer there as in the whole, else the
 * whole. The newest month costs one request where it has at most a thousand names, and else the last two days do.
 */
export const listFor = async (
  store: Store,
  cluster: string,
  question: Question,
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<Listing> => {
  for (const days of isOfTheNewest(question) ? [31, 2] : []) {
    const after = stamp(new Date(now.getTime() - days * 86_400_000));
    const names = await upTo(request, store.list(cluster, { after, signal }));
    if (names === null) continue;
    const listing = readNames(cluster, names);
    if (answers(listing.entries, question)) return listing;
    break;
  }
  return listSnapshots(store, cluster, { signal });
};

/** What a store lists in one request. */
const request = 1000;

const upTo = async (most: number, listed: AsyncIterable<Listed>): Promise<Listed[] | null> => {
  const some: Listed[] = [];
  for await (const one of listed) if (some.push(one) === most) return null;
  return some;
};

// A part of an id could fit an older one as well, and --before is about older ones.
const isOfTheNewest = ({ snapshots, before }: Question): boolean =>
  before === null && snapshots.every(one => one.startsWith('latest') || isId(one));

/** Whether what is older can change nothing. `entries` are the newest ones, newest first. */
const answers = (entries: Entry[], { snapshots, skipBad = false, newestVerified }: Question): boolean => {
  const chosen = snapshots.map(one => chosenOf(entries, one, skipBad));
  if (chosen.includes(null)) return false;
  return (
    newestVerified === undefined ||
    entries.some(one => one.verified && !one.bad && !(newestVerified === 'another' && chosen.includes(one)))
  );
};

const chosenOf = (entries: Entry[], snapshot: string, skipBad: boolean): Entry | null => {
  try {
    return selectSnapshot(entries, snapshot, { skipBad }).entry;
  } catch (error) {
    if (isSnapbackError(error)) return null;
    throw error;
  }
};
