/** TIME as people write it: RFC 3339, a date, or a duration ago. Without an offset it is UTC. */
import { toMilliseconds } from './option.ts';

/** `now` is what a duration counts back from. Throws an Error whose message reads on from the text. */
export const toTime = (text: string, now = new Date()): Date => {
  const [, date, clock, fraction, offset] = form.exec(text.trim()) ?? [];
  if (date === undefined) return ago(text, now);
  const local = `${date}T${clock ?? '00:00:00'}`;
  const time = new Date(`${local}${fraction ?? ''}${offset?.toUpperCase() ?? 'Z'}`);
  // Node takes 31 February for 3 March.
  const exists = new Date(`${local}Z`);
  if (Number.isNaN(time.getTime()) || !exists.toISOString().startsWith(local))
    throw new Error('is not a time that exists');
  return time;
};

const form = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?)?$/;

const ago = (text: string, now: Date): Date => {
  try {
    return new Date(now.getTime() - toMilliseconds(text.trim().replace(/\s+ago$/, '')));
  } catch {
    throw new Error('is no time such as 2026-11-22T06:18:07Z, 2026-11-22 or 36h (ago)');
  }
};
