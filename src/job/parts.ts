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
  let given = Promise.withResolvers<Part>();
  let taken = Promise.withResolvers<void>();
  const onPart = async (part: Part) => {
    given.resolve(part);
    await taken.promise;
  };
  const answer = run(onPart, AbortSignal.any([signal, enough.signal]));
  const ended = answer.then(value => ({ value }));
  ended.catch(() => {});
  try {
    for (;;) {
      const next = await Promise.race([given.promise.then(part => ({ part })), ended]);
      if ('value' in next) return next.value;
      yield next.part;
      const { resolve } = taken;
      given = Promise.withResolvers();
      taken = Promise.withResolvers();
      resolve();
    }
  } finally {
    enough.abort();
  }
}
