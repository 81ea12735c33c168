/** Figures for people: sizes in binary units, ages, durations, counts. Machines get bytes, seconds and RFC 3339. */
import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';

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

// Made once: `toLocaleString` makes one each time.
const inThousands = new Intl.NumberFormat('en-US');

/** `1,284,220` */
export const count = (number: number): string => inThousands.format(number);
