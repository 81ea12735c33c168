/** The few of many with the greatest numbers. */

export type Largest<T> = {
  /** True where one with that number would be taken, so that it is only made then. */
  takes(number: number): boolean;
  add(number: number, one: T): void;
  /** The greatest first; of equal ones the first that came. */
  all(): T[];
};

/** Holds at most `limit`. */
export const newLargest = <T>(limit: number): Largest<T> => {
  const held: { number: number; one: T }[] = [];
  const takes = (number: number) =>
    held.length < limit || (limit > 0 && number > (held[limit - 1]?.number ?? 0));
  return {
    takes,
    add: (number, one) => {
      if (!takes(number)) return;
      const at = held.findIndex(other => other.number < number);
      held.splice(at < 0 ? held.length : at, 0, { number, one });
      held.length = Math.min(held.length, limit);
    },
    all: () => held.map(({ one }) => one),
  };
};
