/** The same work in several stores, where the loss of one must not spoil the others. */
import { isSnapbackError, type SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';

/** A store that is away, refuses or is full. */
export type LostStore = { store: Store; error: SnapbackError };

/**
 * Does something with each at the same time and gives the results of those that went well, in their order; the stores
 * that failed with `store` go to `lost`. Everything else that one throws is thrown, once all have settled.
 */
export const eachStore = async <In extends { store: Store }, Out>(
  stores: In[],
  lost: LostStore[],
  act: (one: In) => Promise<Out>,
): Promise<Out[]> => {
  const failed: { store: Store; error: unknown }[] = [];
  const done = await Promise.all(
    stores.map(async one => {
      try {
        return [await act(one)];
      } catch (error) {
        failed.push({ store: one.store, error });
        return [];
      }
    }),
  );
  for (const { store, error } of failed) {
    if (!isSnapbackError(error) || error.code !== 'store') throw error;
    lost.push({ store, error });
  }
  return done.flat();
};
