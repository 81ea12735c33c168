/** Figures for people: sizes in binary units, ages, durations, counts. Machines get bytes, seconds and RFC 3339. */
import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';
import type { Style } from './style.ts';

/** `217 MiB`, `1.18 GiB`: three figures tell enough. */
export const size = (bytes: number): string => {
  const whole = prettyBytes(bytes, { binary: true, maximumFractionDigits: 0 });
  const digits = whole.match(/^\d+/)?.[0].length ?? 3;
  return prettyBytes(bytes, { binary: true, maximumFractionDigits: Math.max(0, 3 - digits) });
};

/** `4.8 s`, `2 min`: the largest unit alone from a minute on. */
export const duration = (seconds: number): string => {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return prettyMilliseconds(seconds * 1000, { compact: true })
    .replace(/(\d+)m$/, '$1 min')
    .replace(/(\d)([a-z])$/, '$1 $2');
};

/** `3 h ago`, or the exact time with `--utc`. A time in the future is told as it is, since it means a wrong clock. */
export const age = (time: string, style: Style): string => {
  const seconds = (style.now.getTime() - Date.parse(time)) / 1000;
  if (style.utc) return time;
  if (seconds < -5) return `in ${duration(-seconds)} (clock?)`;
  return seconds < 1 ? 'just now' : `${duration(Math.floor(seconds)).replace('.0', '')} ago`;
};

/** `1,284,220` */
export const count = (number: number): string => number.toLocaleString('en-US');
