/** Aligned columns without lines, wide characters and colours counted as they are seen. */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { Style } from './style.ts';

const none = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/**
 * Where the terminal is too narrow, the last column is broken between words within its own width; where nearly none is
 * left, it stands on a line of its own under each row.
 */
export const table = (head: string[], rows: string[][], style: Style): string => {
  const whole = draw(head, rows, style);
  const { columns } = style;
  if (columns === null || widthOf(whole) <= columns) return whole;
  const others = draw(head.slice(0, -1), withoutLast(rows), style);
  const left = columns - widthOf(others) - 2;
  if (left >= narrowest) return draw(head, rows, style, left);
  const [title, ...lines] = others.split('\n');
  const name = head.at(-1)?.toLowerCase();
  const under = rows.map(row => {
    const last = row.at(-1);
    return last ? [`    ${name ? style.dim(`${name}: `) : ''}${last}`] : [];
  });
  return [title, ...lines.flatMap((line, i) => [line, ...(under[i] ?? [])])].join('\n');
};

const narrowest = 24;

const withoutLast = (rows: string[][]): string[][] => rows.map(row => row.slice(0, -1));

const widthOf = (drawn: string): number =>
  Math.max(
    ...stripVTControlCharacters(drawn)
      .split('\n')
      .map(line => line.length),
  );

const draw = (head: string[], rows: string[][], style: Style, lastWidth: number | null = null): string => {
  const drawn = new Table({
    head: head.map(word => style.dim(word)),
    chars: none,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    ...(lastWidth === null
      ? {}
      : { colWidths: [...head.slice(1).map(() => null), lastWidth], wordWrap: true }),
  });
  drawn.push(...rows);
  return drawn
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n');
};
