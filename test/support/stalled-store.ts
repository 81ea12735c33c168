/** A store whose upload stands still after some bytes, as one behind a dead network does, until it is aborted. */
import { Transform } from 'node:stream';
import type { Store } from '../../src/store/store.ts';

/** Uploads of streams stall after `bytes`; everything else goes on. */
export const stalledStore = (store: Store, bytes: number): Store => ({
  ...store,
  put: (name, body, options) =>
    store.put(name, body instanceof Uint8Array ? body : body.pipe(stallingAfter(bytes)), options),
});

/** A store that never comes back from an upload, aborted or not, as a hung network file system. */
export const hungStore = (store: Store): Store => ({
  ...store,
  put: (name, body, options) =>
    body instanceof Uint8Array ? store.put(name, body, options) : new Promise(() => {}),
});

/** A store that takes all bytes and then never comes back, as where they have to get to a disk that is gone. */
export const hungAtEnd = (store: Store): Store => ({
  ...store,
  put: async (name, body, options) => {
    if (body instanceof Uint8Array) return store.put(name, body, options);
    for await (const _ of body);
    return new Promise(() => {});
  },
});

const stallingAfter = (bytes: number): Transform => {
  let left = bytes;
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      left -= chunk.length;
      if (left > 0) done(null, chunk);
    },
  });
};
