/** The progress line of a terminal: a bar, the rate and the time left where the size is known, else the bytes so far. */

import { duration, size } from '../figures.ts';
import type { Progress } from '../job/event.ts';
import { label } from './label.ts';
import type { Paint } from './style.ts';

/** `seconds` since the phase began; `columns` of the terminal; `paint` for the phase's name. */
export const progressLine = (progress: Progress, seconds: number, columns: number, paint: Paint): string => {
  const line = wholeLine(progress, seconds, columns).slice(0, columns);
  return `${paint(line.slice(0, progress.phase.length))}${line.slice(progress.phase.length)}`;
};

const wholeLine = (progress: Progress, seconds: number, columns: number): string => {
  const { done, total } = progress;
  const rate = seconds > 0.2 ? done / seconds : 0;
  const speed = rate > 0 ? `  ${size(rate)}/s` : '';
  if (total === null || total <= 0) return label(progress.phase, `${size(done)}${speed}`);
  const share = Math.min(1, done / total);
  const left =
    rate > 0 ? `  ${duration(Math.max(0, Math.ceil((total - done) / rate))).replace('.0', '')} left` : '';
  const figures = `${Math.floor(share * 100)} %  ${size(done)} of ${size(total)}${speed}${left}`;
  const width = Math.max(0, Math.min(28, columns - figures.length - 14));
  const filled = Math.round(share * width);
  const bar = width > 0 ? `${'█'.repeat(filled)}${'░'.repeat(width - filled)}  ` : '';
  return label(progress.phase, `${bar}${figures}`);
};
