/** A thread that answers one question, seen from outside (answering.ts is the inside). */
import { Worker } from 'node:worker_threads';
import { from, type SnapbackError } from '../errors.ts';
import { type Order, type Reply, revive } from './reply.ts';

export type Asking<Part> = {
  /** The file as a person knows it, for errors. */
  name: string;
  signal: AbortSignal;
  /** Is given what the answer comes in, one after the other; while it is busy the thread waits after a few of them. */
  onPart?: (part: Part) => void | Promise<void>;
};

// Records die young: 60 MiB less where two threads read two million keys each, for a tenth more CPU time.
const resourceLimits = { maxYoungGenerationSizeMb: 2 };

/**
 * Starts `file`, which calls `answering`, with the name of a question and what it is asked. Gives the answer; throws
 * what `ask` says.
 */
export const inThread = async <Answer, Part>(
  file: URL,
  question: string,
  input: unknown,
  { name, signal, onPart }: Asking<Part>,
): Promise<Answer> => {
  signal.throwIfAborted();
  const acknowledged = new Int32Array(new SharedArrayBuffer(4));
  const order: Order = { question, input, name, acknowledged };
  const worker = new Worker(file, { workerData: order, execArgv: [], resourceLimits });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  let [replied, over] = [false, false];
  let parts = Promise.resolve();
  const take = async (part: unknown) => {
    if (over) return;
    await onPart?.(part as Part);
    Atomics.add(acknowledged, 0, 1);
    Atomics.notify(acknowledged, 0);
  };
  worker.on('message', (reply: Reply) => {
    replied ||= !('part' in reply);
    if ('part' in reply) parts = parts.then(() => take(reply.part));
    else if ('error' in reply) reject(died(name, revive(reply.error)));
    else parts = parts.then(() => resolve(reply.answer as Answer));
    parts.catch(reject);
  });
  worker.on('error', error => reject(died(name, error)));
  worker.on('exit', code => {
    if (!replied)
      reject(died(name, new Error(`is read no further: the thread that read it ended (${code})`)));
  });
  try {
    return await promise;
  } finally {
    over = true;
    signal.removeEventListener('abort', stop);
    worker.unref();
    // Not awaited: a thread that waits for a disk does not end before the disk answers.
    worker.terminate().catch(() => {});
  }
};

/** An error of this program passes as it is. */
const died = (name: string, error: unknown): SnapbackError =>
  from(error, 'failed', {
    operation: 'read the database',
    object: name,
    hint: 'Try again; if it ends like this once more, please report it with the output of --log-level debug.',
  });
