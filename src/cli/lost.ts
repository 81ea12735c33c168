/** What nobody awaited or caught, as an AbortSignal whose reason is the typed error. */
import { from, type SnapbackError } from '../errors.ts';

/**
 * From now on to the end of the process an unhandled rejection or an uncaught exception aborts the signal, once,
 * with `failed`; Node would print a stack trace and end in the middle of whatever was being cleaned up.
 */
export const onLost = (operation: string): AbortSignal => {
  const controller = new AbortController();
  const lost = (thrown: unknown) => {
    if (!controller.signal.aborted) controller.abort(unforeseen(operation, thrown));
  };
  process.on('unhandledRejection', lost);
  process.on('uncaughtException', lost);
  return controller.signal;
};

/** An error that no room of the program made, so none could say what to do about it. */
export const unforeseen = (operation: string, thrown: unknown): SnapbackError => {
  const known = from(thrown, 'failed', { operation, object: `the ${operation}` });
  if (known.cause !== thrown) return known;
  return from(thrown, 'failed', {
    operation,
    object: `the ${operation}`,
    reason: `ended on an error that was not foreseen: ${known.reason}`,
    hint: 'Run it again with --log-level debug to see where, and please report it.',
  });
};
