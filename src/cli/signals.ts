/** SIGINT and SIGTERM as an AbortSignal whose reason is the typed error. */
import { SnapbackError } from '../errors.ts';

export type Signals = {
  /** Aborts at the first SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Aborts at the second, since a person who presses Ctrl-C twice means it. */
  hurry: AbortSignal;
  [Symbol.dispose](): void;
};

export const onSignals = (operation: string): Signals => {
  const first = new AbortController();
  const second = new AbortController();
  const heard = (signal: 'SIGINT' | 'SIGTERM') => {
    if (first.signal.aborted) {
      second.abort();
      return;
    }
    first.abort(
      new SnapbackError('aborted', {
        operation,
        object: `the ${operation}`,
        reason: signal === 'SIGINT' ? 'was interrupted' : 'was terminated',
        signal,
      }),
    );
  };
  const interrupt = () => heard('SIGINT');
  const terminate = () => heard('SIGTERM');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', terminate);
  return {
    signal: first.signal,
    hurry: second.signal,
    [Symbol.dispose]: () => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', terminate);
    },
  };
};
