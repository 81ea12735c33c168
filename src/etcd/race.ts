/** A foreign promise bounded by a signal. */

/**
 * Settles as `promise` does, or rejects with the signal's reason as soon as it aborts; whatever `promise` does
 * afterwards is dropped, so it never becomes an unhandled rejection.
 */
export const orAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
