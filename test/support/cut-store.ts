/** A store that goes away after a number of writes and removals, as when the program is killed there. */
import type { Store } from '../../src/store/store.ts';

/** The error of everything after the cut. */
export const cut = new Error('the store went away');

export const cutAfter = (store: Store, changes: number): Store => {
  let left = changes;
  const change = () => {
    if (left === 0) throw cut;
    left -= 1;
  };
  return {
    ...store,
    put: async (...args) => {
      change();
      return store.put(...args);
    },
    remove: async (...args) => {
      change();
      return store.remove(...args);
    },
  };
};

/** A store that lets something happen right before each write or removal, as another run may do. */
export const meanwhile = (store: Store, act: (name: string) => Promise<void>): Store => ({
  ...store,
  put: async (name, ...args) => {
    const result = await store.put(name, ...args);
    await act(name);
    return result;
  },
});
