/** Writes an object whole or not at all: what fits into one part in one request, what does not in parts. */
import { Readable } from 'node:stream';
import { withBody } from './body.ts';
import { splitName } from './name.ts';
import type { Bucket } from './s3-client.ts';
import { findObject } from './s3-look.ts';
import { putParts } from './s3-multipart.ts';
import { inParts, type Part, partSize } from './s3-parts.ts';
import { hasLocks, unlockable } from './s3-set-up.ts';
import { newTarget, type Target, taken } from './s3-target.ts';
import { putWhole } from './s3-whole.ts';
import type { PutOptions } from './store.ts';

/** See the contract. Looks first whether the name is there, since not every server knows conditional writes. */
export const put = (
  bucket: Bucket,
  name: string,
  body: Readable | Uint8Array,
  { signal, atMost, removable = false }: PutOptions,
): Promise<{ size: number }> =>
  withBody(body, signal, async () => {
    splitName(name, 'write to the store');
    const locked = bucket.settings.objectLock !== null && !removable;
    const target = newTarget(bucket, name, locked);
    if (locked && !(await hasLocks(bucket, signal))) throw unlockable('store', target.about);
    if (await findObject(bucket, target.key, { signal })) throw taken(target);
    if (!(body instanceof Readable)) return putWhole(bucket, target, body, signal);
    return putStream(bucket, target, inParts(body, partSize(atMost)), signal);
  });

const putStream = async (
  bucket: Bucket,
  target: Target,
  parts: AsyncGenerator<Part, void>,
  signal: AbortSignal,
): Promise<{ size: number }> => {
  const first = (await parts.next()).value;
  if (!first || first.last) return putWhole(bucket, target, first?.bytes ?? new Uint8Array(), signal);
  return putParts(bucket, target, first, parts, signal);
};
