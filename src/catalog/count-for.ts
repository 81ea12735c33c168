/** How many verdicts are read for a question, where only signed ones count: those of as few snapshots as answer it. */
import type { Store } from '../store/store.ts';
import { countSigned, uncounted } from './counted.ts';
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
  const told = new Map<string, Entry>();
  for (;;) {
    const known = entries.map(entry => told.get(entry.id) ?? uncounted(entry));
    const ids = wanted(known, question, told);
    if (ids.length === 0) return { ...listing, entries: known };
    const next = entries.filter(({ id }) => ids.includes(id));
    for (const entry of await countSigned(store, next, { trust, signal })) told.set(entry.id, entry);
  }
};

/** The ids of those whose verdicts are to be read next; none where the answer is known. */
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
    if (undecided.length > 0) return undecided.slice(0, atOnce);
  }
  if (newestVerified === undefined) return [];
  const found = entries.find(
    one => one.verified && !one.bad && !(newestVerified === 'another' && chosen.includes(one)),
  );
  return untold(upTo(entries, found ?? null)).slice(0, atOnce);
};

const atOnce = 8;

/** The entry and all that are newer; all of them for null. */
const upTo = (entries: Entry[], last: Entry | null): Entry[] =>
  last === null ? entries : entries.slice(0, entries.indexOf(last) + 1);
