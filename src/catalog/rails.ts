/** What is never removed, whatever a policy or a person says about the rest. Pure. */
import type { Entry } from './listing.ts';

/** What the rails look at; any verdict in `verified` counts, null does not. */
export type Subject = Pick<Entry, 'id' | 'started' | 'bad'> & { verified: unknown };

/** The newest one that can be relied on; one that is dated after `now` cannot be newest. */
export const newestGood = <S extends Subject>(entries: S[], now: Date): S | null =>
  newest(entries.filter(entry => !entry.bad && entry.started <= now));

/** The newest one that a drill has proven. */
export const newestVerified = <S extends Subject>(entries: S[], now: Date): S | null =>
  newest(entries.filter(entry => entry.verified && !entry.bad && entry.started <= now));

const newest = <S extends Subject>(entries: S[]): S | null =>
  entries.reduce<S | null>((best, entry) => (best && best.id > entry.id ? best : entry), null);

/**
 * Why `id` must stay although it is not pinned, as it reads after "it is": null when it may go. `entries` are those
 * of its own lineage: a stranger's newest one protects nothing here.
 */
export const mustStay = (entries: Subject[], id: string, now: Date): string | null => {
  if (newestGood(entries, now)?.id === id) return 'the newest good snapshot';
  if (newestVerified(entries, now)?.id === id) return 'the newest verified snapshot';
  return null;
};
