/** What every job is given beside its settings. */
import type { SnapbackError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Event, Progress } from './event.ts';

export type Context = {
  signal: AbortSignal;
  log: Log;
  notify(event: Event): void;
  progress(progress: Progress): void;
};

/**
 * What a job gives back. A job that could do what it was asked for, and found that things are bad, gives both:
 * the result says everything, the error says what makes the process end with something else than 0. A job that
 * could not do it throws.
 */
export type Outcome<R> = { result: R; error: SnapbackError | null };
