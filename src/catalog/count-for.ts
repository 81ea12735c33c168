/** How many verdicts are read for a question, where only signed ones count: those of as few snapshots as answer it. */
import type { Store } from '../store/store.ts';
import { countSigned, signedOf, uncounted } from './counted.ts';
import type { Entry, Listing } from './listing.ts';
import { chosenOf, type Question } from './question.ts';
import type { Trust } from './trust-key.ts';

/**
 * The listing with what stands by signed verdicts alone: of all its snapshots without a question, else of those that
 * the answer depends on, and the others are told as if they had no verdicts. Without trusted keys it stays as it was.
 * Throws `store`, or the signal's reason.
 */
export const countFor = async (
  store: Store,
  listing: Listing,
  question: Question | null,
  { trust, signal }: { trust: Trust; signal: AbortSignal },
): Promise<Listing> => {
  if (trust.length === 0) return listing;
  const { entries } = listing;
  if (question === null) return { ...listing, entries: await countSigned(store, entries, { trust, signal }) };
  const before = entries.map(uncounted);
  const unsigned = before.filter(entry => signedOf(entry).length === 0);
  const told = new Map(unsigned.map(entry => [entry.id, entry]));
  // More each time: a long history without an answer takes few rounds, and a short way to one few requests.
  for (let atOnce = 8; ; atOnce *= 2) {
    const known = before.map(entry => told.get(entry.id) ?? entry);
    const ids = new Set(wanted(known, question, told).slice(0, atOnce));
    if (ids.size === 0) return { ...listing, entries: known };
    const next = entries.filter(({ id }) => ids.has(id));
    for (const entry of await countSigned(store, next, { trust, signal })) told.set(entry.id, entry);
  }
};

/** The ids of those whose verdicts the answer may depend on, the newest first; none where it is known. */
const wanted = (entries: Entry[], question: Question, told: Map<string, Entry>): string[] => {
  const untold = (some: Entry[]) => some.map(({ id }) => id).filter(id => !told.has(id));
  const rows = untold(entries.slice(0, question.rows ?? 0));
  if (rows.length > 0) return rows;
  const { snapshots, before, newestVerified } = question;
  const inTime = entries.filter(({ started }) => before === null || started <= before);
  const chosen: Entry[] = [];
  for (const snapshot of snapshots) {
    const entry = chosenOf(entries, snapshot, question);
    if (entry) chosen.push(entry);
    const byVerdict = snapshot === 'latest-verified' || (entry === null && snapshot.startsWith('latest'));
    const undecided = untold(byVerdict ? upTo(inTime, entry) : entry ? [entry] : []);
    if (undecided.length > 0) return undecided;
  }
  if (newestVerified === undefined) return [];
  const found = entries.find(
    one => one.verified && !one.bad && !(newestVerified === 'another' && chosen.includes(one)),
  );
  return untold(upTo(entries, found ?? null));
};

/** The entry and all that are newer; all of them for null. */
const upTo = (entries: Entry[], last: Entry | null): Entry[] =>
  last === null ? entries : entries.slice(0, entries.indexOf(last) + 1);
