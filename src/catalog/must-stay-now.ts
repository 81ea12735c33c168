/** Whether a snapshot may go, as the store is at this moment. */
import type { Store } from '../store/store.ts';
import { countSigned } from './counted.ts';
import { type Entry, listSnapshots } from './listing.ts';
import { mustStay, newestGood, newestVerified, type Subject } from './rails.ts';
import type { Trust } from './trust-key.ts';

/**
 * `mustStay` with verdicts and removals read again; null also for one that is not among `ours`, those of its lineage as
 * they were known. Nothing older than a snapshot can stand in for it, and one newer good one and, for a verified one,
 * one newer verified one are enough: so the folder is listed from those on that were known, one request where
 * they are recent, and only where they are no longer what they were, from the snapshot on.
 */
export const mustStayNow = async (
  store: Store,
  found: Entry,
  { ours, now, trust, signal }: { ours: Subject[]; now: Date; trust: Trust; signal: AbortSignal },
): Promise<string | null> => {
  const ids = new Set(ours.map(({ id }) => id));
  if (!ids.has(found.id)) return null;
  const [subject = found] = await countSigned(store, [found], { trust, signal });
  const why = async (after: string): Promise<string | null> => {
    const { entries } = await listSnapshots(store, found.cluster, { after, signal });
    const newer = entries.filter(({ id }) => id > found.id && ids.has(id));
    return mustStay([subject, ...(await countSigned(store, newer, { trust, signal }))], found.id, now);
  };
  const from = standIns(subject, ours, now);
  return from !== null && (await why(from)) === null ? null : why(found.id);
};

/** The id from which on there is all that lets it go, as far as that was known; null where there was not. */
const standIns = (found: Entry, ours: Subject[], now: Date): string | null => {
  const good = newestGood(ours, now)?.id ?? '';
  const verified = found.verified ? (newestVerified(ours, now)?.id ?? '') : good;
  const from = good < verified ? good : verified;
  return from > found.id ? from : null;
};
