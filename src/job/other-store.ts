/** A second store beside the one of the settings: where `save --also` writes too and `copy --to` writes. */
import { resolve } from 'node:path';
import { SnapbackError } from '../errors.ts';
import type { Log } from '../log.ts';
import { parseLocation } from '../store/location.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { StoreSettings } from './settings.ts';

/** Opens it with the settings of the first, which is the only place that says so. Throws what `openStore` throws. */
export const openOther = (
  location: string,
  first: StoreSettings,
  options: { signal: AbortSignal; log: Log },
): Promise<Store> => openStore({ ...first, store: location }, options);

/** Throws `usage` where two of the locations are the same place. */
export const checkDistinct = (flag: string, locations: string[]): void => {
  const places = locations.map(place);
  const at = places.findIndex((one, index) => places.indexOf(one) !== index);
  if (at < 0) return;
  throw new SnapbackError('usage', {
    operation: 'read the options',
    object: `${flag} ${locations[at]}`,
    reason: 'names a store that is named already',
    hint: 'A second copy is worth having in another place.',
  });
};

const place = (location: string): string => {
  const parsed = parseLocation(location);
  return parsed.kind === 'file' ? resolve(parsed.path) : JSON.stringify(parsed);
};
