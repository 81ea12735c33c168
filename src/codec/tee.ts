/** One stream read once and given to several consumers, in step, so that no more of it lies in memory than for one. */
import { Readable } from 'node:stream';

/** Bytes that one consumer may be behind another, beside the chunk that is handed on; chunks are shared, not copied. */
const room = 1024 * 1024;

export type TeeOptions = {
  /** Milliseconds for which a consumer may take nothing while bytes wait for it. */
  patience: number;
  /** Asked for the error of the branch `at` that is dropped for that, so that whoever reads it can be ended too. */
  late(at: number): Error;
};

/**
 * As many readables of all of `source`'s bytes as asked for. The fastest waits for the slowest, but for no longer than
 * its patience: then the slow one is destroyed with `late`'s error and the others go on. So do they when a consumer
 * destroys its own. A failure of the source is what every one sees in place of the end; the source is destroyed when no
 * consumer is left.
 */
export const tee = (source: Readable, count: number, options: TeeOptions): Readable[] => {
  const branches = Array.from({ length: count }, (_, at) => open(options.patience, () => options.late(at)));
  void pump(source, branches);
  return branches.map(({ stream }) => stream);
};

type Branch = {
  stream: Readable;
  /** Settles when there is room for more, or the branch is destroyed. */
  give(chunk: Buffer): Promise<void>;
  /** Settles when the end has been read, or the branch is destroyed. */
  end(): Promise<void>;
};

const pump = async (source: Readable, branches: Branch[]): Promise<void> => {
  const live = () => branches.filter(({ stream }) => !stream.destroyed);
  const unwanted = () => {
    if (live().length === 0) source.destroy();
  };
  for (const { stream } of branches) stream.once('close', unwanted);
  try {
    for await (const chunk of source) await Promise.all(live().map(branch => branch.give(chunk)));
    await Promise.all(live().map(branch => branch.end()));
  } catch (error) {
    for (const { stream } of live()) stream.destroy(error as Error);
  }
};

const open = (patience: number, late: () => Error): Branch => {
  let taken = () => {};
  const stream = new Readable({
    highWaterMark: room,
    read: () => taken(),
    destroy: (error, done) => {
      taken();
      done(error);
    },
  });
  // The error is for the consumer; one that comes before there is a consumer must not end the process.
  stream.on('error', () => {});
  const offer = async (chunk: Buffer | null): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    taken = resolve;
    if (chunk === null) stream.once('end', resolve);
    if (stream.push(chunk)) return;
    const timer = setTimeout(() => stream.destroy(late()), patience);
    await promise;
    clearTimeout(timer);
  };
  return { stream, give: offer, end: () => offer(null) };
};
