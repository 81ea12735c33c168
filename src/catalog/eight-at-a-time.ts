/** Does something for each, for at most eight at a time, so that a long history takes neither hours nor every socket. */
export const eightAtATime = async <T>(all: Iterable<T>, act: (one: T) => Promise<void>): Promise<void> => {
  const waiting = all[Symbol.iterator]();
  const worker = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
};
