import { duration } from '../figures.ts';
import type { Style } from './style.ts';

/** `3 h ago`, or the exact time with `--utc`. A time in the future is told as it is, since it means a wrong clock. */
export const age = (time: string, style: Style): string => {
  const seconds = (style.now.getTime() - Date.parse(time)) / 1000;
  if (style.utc) return time.replace(/\.\d+Z$/, 'Z');
  if (seconds < -5) return `in ${duration(-seconds)} (clock?)`;
  return seconds < 1 ? 'just now' : `${duration(Math.floor(seconds)).replace('.0', '')} ago`;
};

/** How much older the first is than the second: `6 h older`. */
export const older = (time: string, than: string): string => {
  const seconds = (Date.parse(than) - Date.parse(time)) / 1000;
  return `${duration(Math.abs(seconds)).replace('.0', '')} ${seconds < 0 ? 'newer' : 'older'}`;
};
