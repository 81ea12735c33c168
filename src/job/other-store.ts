/** A second store beside the one of the settings: where `save --also` writes too and `copy --to` writes. */
import { resolve } from 'node:path';
import { SnapbackError } from '../errors.ts';
import type { Log } from '../log.ts';
import { parseLocation } from '../store/location.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { StoreSettings } from './settings.ts';

/**
 * Opens it with the settings of the options. Where its location names an endpoint or a profile, it is at another server:
 * then endpoint, region, path style and CA are only those of the location and of its profile. Throws what `openStore`
 * throws.
 */
export const openOther = async (
  location: string,
  first: StoreSettings,
  options: { signal: AbortSignal; log: Log },
): Promise<Store> => {
  const parsed = parseLocation(location);
  const own = parsed.kind === 's3' ? parsed.own : {};
  const apart = own.endpoint !== undefined || own.profile !== undefined;
  // A region that is null would be that of AWS's variables, where there is no profile to say it.
  const region = own.profile === undefined ? 'us-east-1' : null;
  const s3 =
    first.s3 && apart ? { ...first.s3, endpoint: null, region, pathStyle: null, ca: null } : first.s3;
  return openStore({ ...first, store: location, s3 }, options);
};

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
  if (parsed.kind === 'file') return resolve(parsed.path);
  const { bucket, prefix, own } = parsed;
  return JSON.stringify([bucket, prefix, own.endpoint, own.profile]);
};
