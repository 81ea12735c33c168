/** How long a job may clean up once it is told to stop. */

// A process that is told to end must be gone within 5 s, so that whoever stops it need not kill it.
const cleanUpLimit = 4_500;

/**
 * Settles as `work` does; where `signal` aborted and `work` rejected, with the reason of the signal, since what
 * breaks while everything is being torn down is not what went wrong. Rejects with that reason too when `work` has
 * not settled 4.5 s after the abort, or at once when `hurry` aborts: then `work` is given up.
 */
export const withGrace = async <T>(work: Promise<T>, signal: AbortSignal, hurry: AbortSignal): Promise<T> => {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => reject(signal.reason);
  const wait = () => {
    timer = setTimeout(giveUp, cleanUpLimit);
  };
  if (signal.aborted) wait();
  signal.addEventListener('abort', wait, { once: true });
  hurry.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, givenUp]);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', wait);
    hurry.removeEventListener('abort', giveUp);
  }
};
