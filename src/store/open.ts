/** The one place that knows all kinds of stores. */
import type { Log } from '../log.ts';
import { readText } from '../named-file.ts';
import { openFileStore } from './file.ts';
import { parseLocation } from './location.ts';
import { defaultS3Settings, type S3Settings } from './s3-settings.ts';
import type { Store } from './store.ts';

export type { ObjectLock, S3Settings } from './s3-settings.ts';

export type StorePlace = {
  /** As a person wrote it: a path, file:///PATH or s3://BUCKET/PREFIX, whose own settings outweigh `s3`. */
  store: string;
  /** For a bucket; null where the store is another, or the bucket is at AWS and nothing more is said of it. */
  s3: S3Settings | null;
};

/**
 * Opens the store at a location as a person wrote it; throws `usage` for a location that cannot be read, and
 * for a file or a profile in it that cannot. Neither a folder nor a bucket is looked at before it is used.
 */
export const openStore = async (
  settings: StorePlace,
  options: { signal: AbortSignal; log: Log },
): Promise<Store> => {
  options.signal.throwIfAborted();
  const location = parseLocation(settings.store);
  switch (location.kind) {
    case 'file':
      return openFileStore(location.path, settings.store);
    case 's3': {
      // Loaded here alone: no other store pays for the SDK.
      const { openS3Store } = await import('./s3.ts');
      const { own, bucket, prefix } = location;
      const ca =
        own.ca === undefined ? {} : { ca: readText(own.ca, "the CA of the S3 server's certificate") };
      const s3 = { ...(settings.s3 ?? defaultS3Settings), ...own, ...ca };
      return openS3Store({ bucket, prefix, location: settings.store.replace(/\/$/, '') }, s3, options.log);
    }
  }
};
