/** What the checks of a bucket share: which settings are in use by now, and what was found out of the bucket. */
import type { SnapbackError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { type Bucket, connect } from './s3-client.ts';
import type { S3Settings } from './s3-settings.ts';
import type { Store } from './store.ts';

/**
 * Milliseconds that an object of the examination is locked for: long enough to be seen on a slow server, short enough
 * to be waited for.
 */
export const briefly = 5_000;

/** Mutable: each check finds it as the one before left it. */
export type Examination = {
  cluster: string;
  /** What the names of its objects begin with, with the cluster. */
  base: string;
  signal: AbortSignal;
  /** As they were given. */
  asked: S3Settings;
  bucket: Bucket;
  store: Store;
  /** Goes on with other settings. */
  use(settings: Partial<S3Settings>): Promise<void>;
  /** False where these credentials were refused a removal. */
  mayDelete: boolean;
  /** True where a removal was seen to leave an old version. */
  keepsVersions: boolean;
  /** Whether the bucket has object lock, null where nobody may know, and how it locks on its own. */
  lock: { on: boolean | null; byDefault: string | null };
  /** What came of writing with the encryption that was asked for, where it was put without in the end. */
  encryptionTrouble: SnapbackError | null;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Locks of the settings are left out: what is written could not be removed. The log is silent, since what the store
 * would warn of is told as a finding.
 */
export const newExamination = async (
  given: Bucket,
  storeIn: (bucket: Bucket) => Store,
  place: { cluster: string; start: string },
  signal: AbortSignal,
): Promise<Examination> => {
  const { bucket: name, prefix, written, location, settings: asked } = given;
  const opened: Store[] = [];
  const open = async (settings: S3Settings) => {
    const bucket = await connect({ bucket: name, prefix, written, location }, settings, silentLog);
    const store = storeIn(bucket);
    opened.push(store);
    return { bucket, store };
  };
  const examination: Examination = {
    cluster: place.cluster,
    base: `${place.cluster}/${place.start}`,
    signal,
    asked,
    ...(await open({ ...asked, objectLock: null })),
    use: async settings => {
      Object.assign(examination, await open({ ...examination.bucket.settings, ...settings }));
    },
    mayDelete: true,
    keepsVersions: false,
    lock: { on: null, byDefault: null },
    encryptionTrouble: null,
    [Symbol.asyncDispose]: async () => {
      for (const store of opened) await store[Symbol.asyncDispose]();
    },
  };
  return examination;
};
