/** What this program needs of a bucket, tried; where a setting is in the way also with another. */

import { inTurn, type Step, warned } from './examination.ts';
import { clockStep } from './examine-clock.ts';
import { readSteps } from './examine-object.ts';
import { checkCluster } from './name.ts';
import type { Bucket } from './s3-client.ts';
import { statusOf } from './s3-error.ts';
import { newExamination } from './s3-examination.ts';
import { deleteStep, removeAll } from './s3-examine-delete.ts';
import { encryptionStep } from './s3-examine-encryption.ts';
import { lockStep } from './s3-examine-lock.ts';
import { abortStep, multipartStep } from './s3-examine-parts.ts';
import { putStep, writeOnceStep } from './s3-examine-put.ts';
import { reachStep } from './s3-examine-reach.ts';
import type { Examined, Store } from './store.ts';

/** See the contract. `storeIn` makes the store of a bucket: other settings are tried with a store of their own. */
export async function* examineBucket(
  bucket: Bucket,
  storeIn: (bucket: Bucket) => Store,
  cluster: string,
  { start, signal }: { start: string; signal: AbortSignal },
): AsyncGenerator<Examined> {
  checkCluster(cluster, 'examine the store');
  await using on = await newExamination(bucket, storeIn, { cluster, start }, signal);
  const reads = readSteps(() => on.store, `${on.base}.put`, signal);
  const steps = [
    reachStep(on),
    unlessRefused(
      clockStep(() => on.store, ['reached'], signal),
      'prune cannot tell what is old',
    ),
    putStep(on),
    ...reads.map(step => unlessRefused(step, 'copy, verify and restore cannot work without it')),
    writeOnceStep(on),
    multipartStep(on),
    abortStep(on),
    encryptionStep(on),
    lockStep(on),
    deleteStep(on),
  ];
  try {
    yield* inTurn(steps, signal);
  } finally {
    await removeAll(on).catch(() => {});
  }
}

/** A right that only some commands need may be missing on purpose: a warning that says which. */
const unlessRefused = (step: Step, without: string): Step => ({
  ...step,
  run: async () => {
    try {
      return await step.run();
    } catch (error) {
      if (statusOf(error) !== 403) throw error;
      const { reason, hint } = error as { reason: string; hint: string | null };
      return { ...warned(`${reason}: ${without}`, hint), usable: false };
    }
  },
});
