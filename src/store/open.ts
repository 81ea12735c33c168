/** The one place that knows all kinds of stores. */
import { openFileStore } from './file.ts';
import { parseLocation } from './location.ts';
import type { Store } from './store.ts';

/**
 * Opens the store at a location as a person wrote it; throws `usage` for a location that cannot be read. A
 * folder is not looked at before it is used.
 */
export const openStore = async (text: string, options: { signal: AbortSignal }): Promise<Store> => {
  options.signal.throwIfAborted();
  const location = parseLocation(text);
  switch (location.kind) {
    case 'file':
      return openFileStore(location.path, text);
  }
};
