/** One figure over time, as a line of points that any width fits. */
import { markup } from './markup.ts';

export type Point = {
  time: Date;
  /** Null: it failed, and there is no figure. */
  value: number | null;
};

/** `points` are in order of time; `words` tells a value. Nothing without a value to show. */
export const plot = (points: Point[], words: (value: number) => string): string => {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || values.length === 0) return '';
  const most = Math.max(...values) * 1.15 || 1;
  const [from, to] = [first.time.getTime(), last.time.getTime()];
  const across = (time: Date) => (to === from ? 50 : ((time.getTime() - from) / (to - from)) * 100);
  const placed = points.map(point => ({
    ...point,
    x: across(point.time),
    y: ((point.value ?? 0) / most) * 100,
  }));
  const line = placed
    .filter(({ value }) => value !== null)
    .map(({ x, y }) => `${x.toFixed(2)},${(100 - y).toFixed(2)}`)
    .join(' ');
  const dots = placed.map(({ time, value, x, y }) => {
    const title = markup(`${minute(time)}: ${value === null ? 'failed' : words(value)}`);
    const place = `left:${x.toFixed(2)}%;bottom:${y.toFixed(2)}%`;
    return value === null
      ? `<span class="dot failed" style="${place}" title="${title}">×</span>`
      : `<span class="dot" style="${place}" title="${title}"></span>`;
  });
  const end = day(first.time) === day(last.time) ? minute : day;
  const said = `from ${words(Math.min(...values))} to ${words(Math.max(...values))}, ${words(values.at(-1) ?? 0)} at last`;
  return `<div class="plot" role="img" aria-label="${markup(said)}">
<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><polyline points="${line}"/></svg>
<span class="most">${markup(words(most))}</span>${dots.join('')}
</div>
<div class="ends"><span>${end(first.time)}</span><span>${to === from ? '' : end(last.time)}</span></div>`;
};

/** `2026-11-22 06:18 UTC` */
export const minute = (time: Date): string => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const day = (time: Date): string => time.toISOString().slice(0, 10);
