/** From what a person writes for SNAPSHOT to one snapshot. Pure. */
import { SnapbackError } from '../errors.ts';
import { isId } from './id.ts';
import type { Entry } from './listing.ts';

export type Selection = {
  entry: Entry;
  /** The bad ones that were newer and passed over, newest first; only with `skipBad`. */
  passedOver: Entry[];
};

/**
 * `latest`, `latest~N`, `latest-verified`, an id, or a part of one of at least 4 characters. `before` lets only
 * those count whose id time is not after it, so it goes with the first three alone. `skipBad` (for restore)
 * makes these pass over bad ones and say which; an id that is named is taken as it is.
 *
 * `usage` for what is none of these or fits several, `not-found` when none fits.
 */
export const selectSnapshot = (
  /** Newest first, as a listing has them. */
  entries: Entry[],
  selector: string,
  { before = null, skipBad = false }: { before?: Date | null; skipBad?: boolean } = {},
): Selection => {
  const latest = /^latest(?:~(\d{1,9})|(-verified))?$/.exec(selector);
  if (latest)
    return newest(entries, selector, before, { nth: Number(latest[1] ?? 0), verified: !!latest[2], skipBad });
  if (before)
    throw usage(selector, 'cannot go with --before, which chooses by time', 'Leave one of the two out.');
  return { entry: byId(entries, selector), passedOver: [] };
};

const newest = (
  entries: Entry[],
  selector: string,
  before: Date | null,
  { nth, verified, skipBad }: { nth: number; verified: boolean; skipBad: boolean },
): Selection => {
  const inTime = entries.filter(entry => !before || entry.started <= before);
  const fit = inTime.filter(entry => (!verified || entry.verified) && (!skipBad || !entry.bad));
  const entry = fit[nth];
  const when = before ? ` of ${before.toISOString()} or before` : '';
  if (!entry)
    throw notFound(entries, selector, `fits none${when}: ${fit.length} of ${inTime.length} could be chosen`);
  const passedOver =
    skipBad && !verified ? inTime.slice(0, inTime.indexOf(entry)).filter(one => one.bad) : [];
  return { entry, passedOver };
};

const byId = (entries: Entry[], selector: string): Entry => {
  const exact = entries.find(entry => entry.id === selector);
  if (exact) return exact;
  if (isId(selector)) throw notFound(entries, selector, 'is not there');
  if (!/^[0-9a-fTZ-]{4,23}$/i.test(selector))
    throw usage(
      selector,
      'names no snapshot',
      'SNAPSHOT is latest, latest~N, latest-verified, an id, or at least 4 characters of one.',
    );
  const part = selector.toLowerCase();
  const fit = entries.filter(entry => entry.id.toLowerCase().includes(part));
  if (fit.length > 1) throw ambiguous(selector, fit);
  if (!fit[0]) throw notFound(entries, selector, 'fits none');
  return fit[0];
};

const ambiguous = (selector: string, fit: Entry[]): SnapbackError => {
  const more = fit.length > 8 ? ` and ${fit.length - 8} more` : '';
  const ids = fit
    .slice(0, 8)
    .map(entry => entry.id)
    .join(', ');
  return usage(selector, `fits ${fit.length}: ${ids}${more}`, 'Write more of the id.');
};

const notFound = (entries: Entry[], selector: string, reason: string): SnapbackError =>
  new SnapbackError('not-found', {
    operation: 'find the snapshot',
    object: JSON.stringify(selector),
    reason,
    hint: entries[0]
      ? `The newest are ${entries
          .slice(0, 3)
          .map(entry => entry.id)
          .join(', ')}.`
      : 'There are no snapshots here. Are --store and --cluster the right ones? `snapback list --all-clusters` shows all.',
  });

const usage = (selector: string, reason: string, hint: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'find the snapshot',
    object: JSON.stringify(selector.slice(0, 60)),
    reason,
    hint,
  });
