/** Stages joined to one readable, whose consumer is the only one who has to be awaited. */
import { type Duplex, pipeline, type Readable } from 'node:stream';

export type Stage = Duplex | ((source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>);

/**
 * The last stage, as a readable of all of them. The first failure anywhere, with its own error, or the reason of
 * `signal`, is what its consumer sees in place of the end; when the consumer destroys it, all stages and the source
 * are destroyed too.
 */
export const chain = (source: Readable, stages: Stage[], last: Duplex, signal: AbortSignal): Readable => {
  // The consumer hears of every failure through `last`; the callback would only hear of it a second time.
  pipeline([source, ...stages, last], () => {});
  const abort = () => last.destroy(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  last.once('close', () => signal.removeEventListener('abort', abort));
  if (signal.aborted) abort();
  return last;
};
