/** Carries out the plan of `put-back`, a transaction after the other. */
import type { EtcdClient } from '../etcd/client.ts';
import { mayHaveWritten, type Write, writeGuarded } from '../etcd/guarded-write.ts';
import type { Context } from './context.ts';
import { inBatches } from './put-back-batches.ts';
import { type Compared, leave } from './put-back-compare.ts';
import { countIn, type PutBackDone } from './put-back-result.ts';
import type { EachEntry, SnapshotEntry } from './snapshot-entries.ts';

/**
 * Writes what is to be written and counts it in `done`, which is true also where this throws: `etcd`, what reading the
 * snapshot throws, or the signal's reason. An abort comes between two transactions; the one that is under way has a few
 * seconds to end.
 */
export const carryOut = async (
  client: EtcdClient,
  eachEntry: EachEntry,
  { seen, plan }: Pick<Compared, 'seen' | 'plan'>,
  done: PutBackDone,
  { signal, progress }: Context,
): Promise<void> => {
  using late = afterAbort(signal, lastTransaction);
  const total = plan.create.bytes + plan.overwrite.bytes;
  let underWay: Promise<unknown> = Promise.resolve();
  const batches = inBatches<Write>(async batch => {
    const writing = writeBatch(client, batch, done, { signal, late: late.signal });
    underWay = writing.catch(() => {});
    await writing;
    progress({ phase: 'written', done: done.created.bytes + done.overwritten.bytes, total });
  });
  let index = 0;
  const onEntry = async ({ key, value, leased }: SnapshotEntry) => {
    signal.throwIfAborted();
    const saw = seen[index++] ?? leave;
    if (saw !== leave) await batches.add({ key, value, seen: saw, keepLease: leased && saw > 0 });
  };
  try {
    await eachEntry(onEntry, { signal: late.signal });
    await batches.flush();
  } finally {
    // Whatever ended the reading: `done` is to tell of the last transaction too.
    await underWay;
  }
};

const writeBatch = async (
  client: EtcdClient,
  batch: Write[],
  done: PutBackDone,
  { signal, late }: { signal: AbortSignal; late: AbortSignal },
): Promise<void> => {
  const pending = [batch];
  for (let next = pending.shift(); next; next = pending.shift()) {
    signal.throwIfAborted();
    const outcome = await attempt(client, next, done, late);
    if (outcome === 'written') {
      for (const one of next) countIn(one.seen === 0 ? done.created : done.overwritten, one);
    } else if (outcome === 'too-large') {
      const half = Math.ceil(next.length / 2);
      if (next.length > 1) pending.unshift(next.slice(0, half), next.slice(half));
      else for (const one of next) countIn(done.tooLarge, one);
    } else {
      for (const one of outcome.changed) countIn(done.changed, one);
      const others = next.filter(one => !outcome.changed.has(one));
      if (others.length > 0) pending.unshift(others);
    }
  }
};

const attempt = async (client: EtcdClient, writes: Write[], done: PutBackDone, signal: AbortSignal) => {
  try {
    return await writeGuarded(client, writes, { signal });
  } catch (error) {
    if (mayHaveWritten(error)) for (const one of writes) countIn(done.inDoubt, one);
    throw error;
  }
};

// Milliseconds; less than what the edge gives a job that was told to stop.
const lastTransaction = 3_000;

/** A signal that aborts some time after another has, with its reason. */
const afterAbort = (signal: AbortSignal, milliseconds: number): { signal: AbortSignal } & Disposable => {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    timer = setTimeout(() => controller.abort(signal.reason), milliseconds);
  };
  if (signal.aborted) wait();
  signal.addEventListener('abort', wait, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wait);
    },
  };
};
