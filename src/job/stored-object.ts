/** The stored bytes against what the manifest says of them: needs no key and no program. */

import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Manifest } from '../catalog/manifest.ts';
import { digest } from '../codec/digest.ts';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import { size } from '../figures.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';

/** Throws `integrity` when they differ or the object is missing, `store`, or the signal's reason. */
export const checkObject = async (
  store: Store,
  { cluster, object }: Manifest,
  { signal, progress }: Context,
): Promise<string> => {
  const name = `${cluster.name}/${object.name}`;
  const hint = 'The object is damaged: use another snapshot.';
  const expected = { size: object.size, sha256: object.sha256, object: `object ${name}`, hint };
  let done = 0;
  const nowhere = new Writable({
    write: (chunk: Buffer, _, next) => {
      done += chunk.length;
      progress({ phase: 'object', done, total: object.size });
      next();
    },
  });
  try {
    await pipeline(await store.get(name, { signal }), digest(expected), nowhere, { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!isSnapbackError(error) || error.code !== 'not-found') throw error;
    throw new SnapbackError('integrity', {
      operation: 'read the object',
      object: `object ${name}`,
      reason: 'is missing, though its manifest is there',
      hint: 'Somebody removed it: use another snapshot.',
      cause: error,
    });
  }
  return `${size(object.size)}, hash as recorded`;
};
