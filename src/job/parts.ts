/** The parts of an answer that comes in parts, as whoever needs them takes them. */

type Run<Part, Answer> = (onPart: (part: Part) => Promise<void>, signal: AbortSignal) => Promise<Answer>;

/**
 * Iterates the parts that `run` hands to its `onPart`, which waits until the next one is wanted, and returns the answer.
 * Whoever stops early ends it by its signal. Throws what `run` throws.
 */
export async function* partsOf<Part, Answer>(
  run: Run<Part, Answer>,
  signal: AbortSignal,
): AsyncGenerator<Part, Answer, void> {
  const enough = new AbortController();
  let given = Promise.withResolvers<{ part: Part } | { answer: Answer }>();
  let taken = Promise.withResolvers<void>();
  const onPart = async (part: Part) => {
    given.resolve({ part });
    await taken.promise;
  };
  // No race with a promise that stays: that would hold on to all that won against it.
  run(onPart, AbortSignal.any([signal, enough.signal])).then(
    answer => given.resolve({ answer }),
    error => given.reject(error),
  );
  given.promise.catch(() => {});
  try {
    for (;;) {
      const next = await given.promise;
      if ('answer' in next) return next.answer;
      yield next.part;
      const { resolve } = taken;
      given = Promise.withResolvers();
      given.promise.catch(() => {});
      taken = Promise.withResolvers();
      resolve();
    }
  } finally {
    enough.abort();
  }
}
