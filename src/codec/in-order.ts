/** Several pieces of work at once, their results in the order in which they were begun. */

export type InOrder<Result> = {
  /** Work that has begun; its failure is kept for whoever takes its result. */
  add(result: Promise<Result>): void;
  full(): boolean;
  empty(): boolean;
  /** The oldest result; only when not empty. */
  next(): Promise<Result>;
};

/** `inFlight` is the count from which it is `full`; to wait then is the caller's part. */
export const inOrder = <Result>(inFlight: number): InOrder<Result> => {
  const underWay: Promise<Result>[] = [];
  return {
    add: result => {
      // Whoever takes it sees its failure; when nobody does any more, it must not end the process.
      result.catch(() => {});
      underWay.push(result);
    },
    full: () => underWay.length >= inFlight,
    empty: () => underWay.length === 0,
    next: () => underWay.shift() ?? Promise.reject(new Error('no work is under way')),
  };
};
