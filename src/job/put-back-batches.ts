/** Keys and values in batches that fit into one transaction. */
import { bytesOf, maxBytes } from '../etcd/guarded-write.ts';
import { maxOperations } from '../etcd/living.ts';

export type Batches<T> = {
  /** Settles when there is room for the next one. */
  add(one: T): Promise<void>;
  /** Hands over what has come since the last full batch. */
  flush(): Promise<void>;
};

/** `onBatch` is called with one batch at a time, never an empty one; what it throws, `add` and `flush` throw. */
export const inBatches = <T extends { key: Buffer; value: Buffer }>(
  onBatch: (batch: T[]) => Promise<void>,
): Batches<T> => {
  let batch: T[] = [];
  let bytes = 0;
  const flush = async () => {
    if (batch.length === 0) return;
    const full = batch;
    [batch, bytes] = [[], 0];
    await onBatch(full);
  };
  return {
    add: async one => {
      const more = bytesOf(one);
      if (batch.length === maxOperations || bytes + more > maxBytes) await flush();
      batch.push(one);
      bytes += more;
    },
    flush,
  };
};
