/** The inside of a thread that answers one question (thread.ts is the outside). */
import { parentPort, workerData } from 'node:worker_threads';
import { describeError, detached, type Order, type Reply } from './reply.ts';

/** The file as a person knows it, for errors, and the way for an answer that comes in parts. */
export type Asked<Part = never> = {
  name: string;
  /** Hands a part over, whose buffers are copied; waits while too many are under way. */
  emit(part: Part): void;
};

/** Answers the one question that this thread was started for, out of those in the table. */
export const answering = async (table: { [question: string]: () => Promise<Question> }): Promise<void> => {
  const { question, input, name, acknowledged } = workerData as Order;
  const post = (reply: Reply): void => parentPort?.postMessage(reply);
  let sent = 0;
  const emit = (part: unknown): void => {
    waitUntil(acknowledged, sent - underWay);
    sent++;
    post({ part: detached(part) });
  };
  try {
    const answer = await table[question]?.();
    if (!answer) throw new Error(`there is no question ${question}`);
    post({ answer: detached(await answer(input, { name, emit })) });
  } catch (error) {
    post({ error: describeError(error) });
  }
};

// biome-ignore lint/suspicious/noExplicitAny: what each takes is between it and who asks (questions.ts).
type Question = (input: any, asked: Asked<any>) => unknown;

// Enough that neither side waits for the other when both are quick.
const underWay = 8;

/** Stops the thread until more than `least` parts have been worked off. */
const waitUntil = (acknowledged: Int32Array, least: number): void => {
  for (;;) {
    const seen = Atomics.load(acknowledged, 0);
    if (seen > least) return;
    Atomics.wait(acknowledged, 0, seen);
  }
};
