/** The settings of an S3 server that stand in a location, after its `?`. Pure. */
import { nearest } from '../nearest.ts';
import { nonEmpty, toBoolean, toEndpoint } from '../setting-text.ts';

/** Only what was written. `ca` is the path of a file, possibly relative to the working directory. */
export type LocationSettings = {
  endpoint?: string;
  region?: string;
  pathStyle?: boolean;
  ca?: string;
  profile?: string;
};

const parsers: Record<string, (text: string) => LocationSettings> = {
  endpoint: text => ({ endpoint: toEndpoint(text) }),
  region: text => ({ region: nonEmpty(text) }),
  'path-style': text => ({ pathStyle: toBoolean(text) }),
  ca: text => ({ ca: nonEmpty(text) }),
  profile: text => ({ profile: nonEmpty(text) }),
};

export const knownSettings = Object.keys(parsers);

/**
 * From `region=eu-west-1&path-style=true`; percent signs are read as in URLs, a plus sign is one. Throws an Error whose
 * message reads on from the location and quotes no value, since there may be a password where none belongs.
 */
export const parseLocationSettings = (text: string): LocationSettings => {
  const pairs = text.split('&').map(part => part.split(/=(.*)/s, 2) as [string, string?]);
  const settings: LocationSettings = {};
  for (const [at, [name, value]] of pairs.entries()) {
    const parse = Object.hasOwn(parsers, name) ? parsers[name] : undefined;
    if (parse === undefined) throw new Error(unknown(name));
    if (pairs.findIndex(([other]) => other === name) !== at)
      throw new Error(`has the setting ${name} more than once`);
    try {
      Object.assign(settings, parse(decoded(value ?? '')));
    } catch (error) {
      throw new Error(`has a setting ${name} that ${(error as Error).message}`);
    }
  }
  return settings;
};

const unknown = (name: string): string => {
  if (name === '') return 'has a ? or an & without a setting behind it';
  const near = nearest(name, knownSettings);
  return `has the unknown setting ${JSON.stringify(name)}${near ? ` (did you mean ${near}?)` : ''}`;
};

const decoded = (text: string): string => {
  let value: string;
  try {
    value = decodeURIComponent(text);
  } catch {
    throw new Error('has a % that is not the start of %XX');
  }
  if (/\p{Cc}/u.test(value)) throw new Error('has a control character');
  return value;
};
