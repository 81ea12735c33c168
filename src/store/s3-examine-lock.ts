/** Whether the bucket locks objects as it was asked to, seen on one that is locked for a few seconds. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectLockConfigurationCommand,
  PutObjectLegalHoldCommand,
} from '@aws-sdk/client-s3';
import { type Finding, failed, passed, type Step, warned } from './examination.ts';
import { sampleText } from './examine-object.ts';
import { ask, type Bucket, keyOf } from './s3-client.ts';
import { statusOf } from './s3-error.ts';
import { briefly, type Examination } from './s3-examination.ts';
import { versionsOf } from './s3-examine-delete.ts';
import type { ObjectLock } from './s3-settings.ts';

/** Where the bucket locks whatever is written, for days, what is written from here on is locked for seconds. */
export const lookAtLocks = async (on: Examination): Promise<void> => {
  const { bucket, signal } = on;
  const about = {
    operation: 'ask for object lock',
    object: bucket.location,
    right: 's3:GetBucketObjectLockConfiguration',
  };
  const command = new GetObjectLockConfigurationCommand({ Bucket: bucket.bucket });
  try {
    const answer = await ask(bucket, about, signal, (client, options) => client.send(command, options));
    const { ObjectLockEnabled, Rule } = answer.ObjectLockConfiguration ?? {};
    const { Mode, Days, Years } = Rule?.DefaultRetention ?? {};
    const period = Days ? `${Days} d` : `${Years} y`;
    on.lock = {
      on: ObjectLockEnabled === 'Enabled',
      byDefault: Mode ? `${Mode.toLowerCase()}, ${period}` : null,
    };
    if (Mode) await on.use({ objectLock: await shortLock(on, 'governance') });
  } catch (error) {
    signal.throwIfAborted();
    on.lock = { on: statusOf(error) === 403 ? null : false, byDefault: null };
  }
};

/** By the server's clock, not by ours. */
const shortLock = async (
  { store, signal }: Examination,
  mode: 'governance' | 'compliance',
): Promise<ObjectLock> => {
  const there = await store.now({ signal });
  return { mode, milliseconds: there.getTime() - Date.now() + briefly };
};

/** `object lock`, in the mode that was asked for; waits until it has ended. */
export const lockStep = (on: Examination): Step => ({
  name: 'object lock',
  needs: ['put'],
  run: async () => {
    const wanted = on.asked.objectLock;
    const { lock } = on;
    const own =
      lock.byDefault === null ? '' : `, and locks all that is written on its own (${lock.byDefault})`;
    if (wanted === null && lock.on === null) return passed('none asked for');
    if (wanted === null) return passed(`none asked for; the bucket has ${lock.on ? `it${own}` : 'none'}`);
    const objectLock = wanted.mode === 'legal-hold' ? wanted : await shortLock(on, wanted.mode);
    await on.use({ objectLock });
    const end = Date.now() + briefly + 1_000;
    const finding = await tryLock(on, wanted.mode);
    if (wanted.mode !== 'legal-hold')
      await sleep(Math.max(0, end - Date.now()), undefined, { signal: on.signal });
    return finding;
  },
});

const tryLock = async (on: Examination, mode: ObjectLock['mode']): Promise<Finding> => {
  const { store, bucket, base, signal } = on;
  const name = `${base}.locked`;
  await store.put(name, sampleText, { signal });
  try {
    const held = await isHeld(on, name);
    if (held === 'no')
      return failed(
        `${mode} is asked for, and the server takes it and locks nothing`,
        'Do not rely on locks of this server: leave --s3-object-lock out.',
      );
    return held === 'yes'
      ? passed(`${mode}, really set: a removal is refused`)
      : warned(
          `${mode}, as the server says itself; these credentials may not ask for it`,
          'prune needs s3:GetObjectRetention and s3:GetObjectLegalHold.',
        );
  } finally {
    if (mode === 'legal-hold') await release(bucket, name);
  }
};

const isHeld = async (
  { store, bucket, signal }: Examination,
  name: string,
): Promise<'yes' | 'no' | 'unknown'> => {
  const held = await store.held(name, { signal }).catch((error: unknown) => {
    if (statusOf(error) !== 403) throw error;
    return 'unknown' as const;
  });
  if (held === null) return 'no';
  const key = keyOf(bucket, name);
  const [version] = await versionsOf(bucket, key, signal).catch(() => []);
  if (!version) return held === 'unknown' ? held : 'yes';
  const about = {
    operation: 'try a removal',
    object: `${bucket.location}/${name}`,
    right: 's3:DeleteObjectVersion',
  };
  const command = new DeleteObjectCommand({ Bucket: bucket.bucket, Key: key, VersionId: version.id });
  try {
    await ask(bucket, about, signal, (client, options) => client.send(command, options));
    return 'no';
  } catch (error) {
    if (![400, 403].includes(statusOf(error) ?? 0)) throw error;
    return held === 'unknown' ? held : 'yes';
  }
};

/** Whatever happened before: nobody else knows of this object. */
const release = async (bucket: Bucket, name: string): Promise<void> => {
  const about = {
    operation: 'end the legal hold',
    object: `${bucket.location}/${name}`,
    right: 's3:PutObjectLegalHold',
  };
  const command = new PutObjectLegalHoldCommand({
    Bucket: bucket.bucket,
    Key: keyOf(bucket, name),
    LegalHold: { Status: 'OFF' },
  });
  await ask(bucket, about, AbortSignal.timeout(4_000), (client, options) =>
    client.send(command, options),
  ).catch(() => {});
};
