/**
 * Deadlines as signals. The reason of such a signal is the typed error itself, so that whoever is aborted by it
 * rejects with what really happened, and the first reason wins.
 */
import type { SnapbackError } from './errors.ts';

const longest = 2 ** 31 - 1;

export type Deadline = {
  signal: AbortSignal;
  /** Starts the time anew: called for each sign of life it makes an idle deadline. */
  extend(): void;
  [Symbol.dispose](): void;
};

/**
 * A signal that aborts when `outer` does (with its reason), or `milliseconds` after the start or the last
 * `extend` with the error that `reason` makes. Null means no limit, and so does what a timer cannot count (24 days),
 * since Node would fire at once. Dispose it, or its timer and listener stay.
 */
export const deadline = (
  outer: AbortSignal,
  milliseconds: number | null,
  reason: () => SnapbackError,
): Deadline => {
  const controller = new AbortController();
  const forward = () => controller.abort(outer.reason);
  if (outer.aborted) forward();
  outer.addEventListener('abort', forward, { once: true });
  const timer =
    milliseconds === null || milliseconds > longest
      ? null
      : setTimeout(() => controller.abort(reason()), milliseconds);
  return {
    signal: controller.signal,
    extend: () => {
      if (!controller.signal.aborted) timer?.refresh();
    },
    [Symbol.dispose]: () => {
      if (timer) clearTimeout(timer);
      outer.removeEventListener('abort', forward);
    },
  };
};
