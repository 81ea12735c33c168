/** One check of a verification, as a line. */
import { duration } from './figures.ts';

type Check = {
  name: string;
  status: 'pass' | 'fail' | 'skipped' | 'warning';
  detail: string;
  seconds: number | null;
};

const marks = { pass: '✓', fail: '✗', skipped: '–', warning: '!' };

export const checkLine = ({ name, status, detail, seconds }: Check): string => {
  const took = seconds === null ? '' : `  ${duration(seconds)}`;
  return `  ${marks[status]} ${name.padEnd(15)} ${detail}${took}`;
};
