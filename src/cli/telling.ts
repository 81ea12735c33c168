/** What is told on stderr while a job runs: a line for each event, one progress bar at the bottom of a terminal. */
import type { Context } from '../job/context.ts';
import type { Progress } from '../job/event.ts';
import { jsonLog, type Level, type Log, textLog } from '../log.ts';
import { eventFields, eventLine } from '../report/event.ts';
import { printable } from '../report/printable.ts';
import { progressLine } from '../report/progress.ts';
import type { Paint, Paints } from '../report/style.ts';
import { paints } from './paints.ts';

export type Telling = Pick<Context, 'log' | 'notify' | 'progress'> & {
  /** Takes the bar away, for who writes to the same terminal. */
  clear(): void;
  [Symbol.dispose](): void;
};

export type TellingOptions = {
  level: Level;
  format: 'text' | 'json';
  quiet: boolean;
};

export const telling = async (options: TellingOptions): Promise<Telling> => {
  const level: Level = options.quiet && options.level === 'info' ? 'warn' : options.level;
  const bar = process.stderr.isTTY && options.format === 'text' && level !== 'warn' && level !== 'error';
  const progress = bar
    ? await progressBar(paints('stderr'))
    : { draw: () => {}, clear: () => {}, end: () => {} };
  // A line that is written while the bar stands would be glued to it.
  const out = {
    write: (text: string) => {
      progress.clear();
      return process.stderr.write(text);
    },
  } as NodeJS.WriteStream;
  const paint = paints('stderr');
  const log: Log =
    options.format === 'json'
      ? jsonLog(out, level)
      : textLog(out, level, (of, line) => levelPaint(paint, of)(printable(line)));
  // Its line is escaped and painted piece by piece, so it does not go through the log's own paint.
  const events = textLog(out, level);
  return {
    log,
    notify: event => {
      if (options.format === 'json') log.info(event.kind, eventFields(event));
      else events.info(eventLine(event, { ...paint, utc: false, now: new Date(), columns: null }));
    },
    progress: progress.draw,
    clear: progress.clear,
    [Symbol.dispose]: () => {
      progress.clear();
      progress.end();
    },
  };
};

const levelPaint = ({ bad, look, dim }: Paints, level: Level): Paint =>
  ({ debug: dim, info: (text: string) => text, warn: look, error: bad })[level];

/** Redraws at most ten times a second; the rate is the mean since the phase began. */
const progressBar = async ({ dim }: Paints) => {
  // Loaded on a terminal only: it costs more than the rest of the edge.
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(process.stderr);
  let phase = '';
  let began = 0;
  let drawn = 0;
  return {
    draw: (progress: Progress) => {
      const now = Date.now();
      if (progress.phase !== phase) {
        phase = progress.phase;
        began = now;
      }
      if (now - drawn < 100) return;
      drawn = now;
      update(progressLine(progress, (now - began) / 1000, process.stderr.columns, dim));
    },
    clear: () => {
      if (drawn > 0) update.clear();
      drawn = 0;
    },
    end: () => {
      // It shows the cursor again, which it hid with the first bar.
      if (began > 0) update.done();
    },
  };
};
