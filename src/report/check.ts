/** One check of a verification, as a line: what it is, what was found, how long it took. */
import { duration } from '../figures.ts';
import { printable } from './printable.ts';
import type { Paint, Paints } from './style.ts';

type Check = {
  name: string;
  status: 'pass' | 'fail' | 'skipped' | 'warning';
  detail: string;
  seconds: number | null;
};

export const checkLine = ({ name, status, detail, seconds }: Check, paints: Paints): string => {
  const { mark, paint } = marks(paints)[status];
  // A detail that fills its column moves its own time alone.
  const found = printable(detail).padEnd(seconds === null ? 0 : 50);
  const took = seconds === null ? '' : `  ${paints.dim(duration(seconds).padStart(6))}`;
  return `  ${paint(`${mark} ${printable(name).padEnd(15)}`)} ${status === 'fail' ? paint(found) : found}${took}`;
};

const marks = ({
  good,
  bad,
  look,
  dim,
}: Paints): Record<Check['status'], { mark: string; paint: Paint }> => ({
  pass: { mark: '✓', paint: good },
  fail: { mark: '✗', paint: bad },
  skipped: { mark: '–', paint: dim },
  warning: { mark: '!', paint: look },
});
