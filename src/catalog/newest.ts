/**
 * How much of a folder is listed for a SNAPSHOT: the newest part where that tells as much as the whole. All names
 * of a snapshot begin with its id, and so with its time, and those of the cluster sort after all ids; so a listing
 * from a time on has everything of what is newer, and misses nothing but what is older.
 */
import type { Listed, Store } from '../store/store.ts';
import { countFor } from './count-for.ts';
import { isId, stamp } from './id.ts';
import { type Entry, type Listing, listSnapshots, readNames } from './listing.ts';
import { chosenOf, type Question } from './question.ts';
import type { Trust } from './trust-key.ts';

/**
 * Lists the newest part of a cluster's folder when the question has the same answer there as in the whole, else the
 * whole; without a question the whole. The newest month costs one request where it has at most a thousand names, and
 * else the last two days do. Where only signed verdicts count, as many are read as the answer takes.
 */
export const listFor = async (
  store: Store,
  cluster: string,
  question: Question | null,
  { now, trust, signal }: { now: Date; trust: Trust; signal: AbortSignal },
): Promise<Listing> => {
  const counted = (listing: Listing) => countFor(store, listing, question, { trust, signal });
  for (const days of question && isOfTheNewest(question) ? [31, 2] : []) {
    const after = stamp(new Date(now.getTime() - days * 86_400_000));
    const names = await upTo(request, store.list(cluster, { after, signal }));
    if (names === null) continue;
    const listing = readNames(cluster, names);
    if (!question || !answers(listing.entries, question)) break;
    const told = await counted(listing);
    if (answers(told.entries, question)) return told;
    break;
  }
  return counted(await listSnapshots(store, cluster, { signal }));
};

/** What a store lists in one request. */
const request = 1000;

const upTo = async (most: number, listed: AsyncIterable<Listed>): Promise<Listed[] | null> => {
  const some: Listed[] = [];
  for await (const one of listed) if (some.push(one) === most) return null;
  return some;
};

// A part of an id could fit an older one as well, --before is about older ones, and a list is of all names.
const isOfTheNewest = ({ snapshots, before, rows }: Question): boolean =>
  before === null && rows === undefined && snapshots.every(one => one.startsWith('latest') || isId(one));

/** Whether what is older can change nothing. `entries` are the newest ones, newest first. */
const answers = (entries: Entry[], question: Question): boolean => {
  const { snapshots, newestVerified } = question;
  const chosen = snapshots.map(one => chosenOf(entries, one, question));
  if (chosen.includes(null)) return false;
  return (
    newestVerified === undefined ||
    entries.some(one => one.verified && !one.bad && !(newestVerified === 'another' && chosen.includes(one)))
  );
};
