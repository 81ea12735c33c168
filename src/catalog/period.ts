/** The calendar periods that a time lies in, as retention counts them. Pure. */
import { SnapbackError } from '../errors.ts';

export type Period = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/**
 * A function from a time to the names of its periods in a time zone: `2026-11-22T06`, `2026-11-22`, `2026-W47`
 * (ISO 8601), `2026-11`, `2026`. Outside UTC an hour carries its offset, since one hour a year comes twice.
 * Throws `usage` for a zone that Node does not know.
 */
export const calendar = (timeZone: string): ((time: Date) => Record<Period, string>) => {
  const format = formatter(timeZone);
  return time => {
    const parts = Object.fromEntries(format.formatToParts(time).map(part => [part.type, part.value]));
    const day = `${parts.year}-${parts.month}-${parts.day}`;
    const offset = parts.timeZoneName?.replace(/^GMT(\+00:00)?/, '') ?? '';
    return {
      hourly: `${day}T${parts.hour}${offset}`,
      daily: day,
      weekly: isoWeek(day),
      monthly: `${parts.year}-${parts.month}`,
      yearly: `${parts.year}`,
    };
  };
};

const formatter = (timeZone: string): Intl.DateTimeFormat => {
  try {
    return new Intl.DateTimeFormat('en-CA', {
      timeZone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      timeZoneName: 'longOffset',
    });
  } catch (cause) {
    throw new SnapbackError('usage', {
      operation: 'read the retention policy',
      object: `time zone ${JSON.stringify(timeZone)}`,
      reason: 'is not known',
      hint: 'Name one as UTC or Europe/Berlin.',
      cause,
    });
  }
};

/** A week belongs to the year that its Thursday lies in (ISO 8601). */
const isoWeek = (day: string): string => {
  const thursday = new Date(`${day}T00:00:00Z`);
  thursday.setUTCDate(thursday.getUTCDate() + 4 - (thursday.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
};
