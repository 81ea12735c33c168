/** What a person writes to say where the store is, taken apart. Pure: nothing is opened or looked at. */
import { SnapbackError } from '../errors.ts';
import { knownSettings, type LocationSettings, parseLocationSettings } from './location-settings.ts';

/**
 * `path` is as it was written, so possibly relative to the working directory; `prefix` is empty or has no slash at
 * its ends; `own` is what the location says of its server.
 */
export type Location =
  | { kind: 'file'; path: string }
  | { kind: 's3'; bucket: string; prefix: string; own: LocationSettings };

/**
 * `file:///var/backups`, `file:backups`, `./snapbacks`, `/var/backups`, `s3://bucket/prefix`,
 * `s3://bucket/prefix?profile=minio`. After `file:` percent signs are read as in URLs (RFC 8089), and so are they after
 * the `?` of a bucket; a plain path and a prefix are taken as they are. Throws `usage` for everything else.
 */
export const parseLocation = (text: string): Location => {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(text)?.[1];
  if (scheme === undefined) return { kind: 'file', path: checkPath(text, text) };
  if (scheme.toLowerCase() === 'file') return { kind: 'file', path: pathOfUrl(text) };
  if (scheme.toLowerCase() === 's3') return bucketOf(text.slice('s3:'.length));
  throw wrong(
    text,
    `has the unknown scheme ${scheme}:`,
    `Known are ${known}; a folder whose name holds a colon is written ./${text}.`,
  );
};

/**
 * Options that mend a store, by long flag, where its location outweighs some of them: those stand in a new `store`
 * then. Throws what `parseLocation` throws.
 */
export const mendLocation = (text: string, mends: Record<string, string>): Record<string, string> => {
  const location = parseLocation(text);
  const [place = '', settings = ''] = text.split(/\?(.*)/s, 2);
  const names = settings.split('&').map(pair => pair.split('=')[0] ?? '');
  const mended = location.kind === 's3' ? names.filter(name => `s3-${name}` in mends) : [];
  if (mended.length === 0) return mends;
  const pairs = settings.split('&').map((pair, at) => {
    const value = mends[`s3-${names[at]}`];
    return value === undefined ? pair : `${names[at]}=${value.replaceAll(/[%&]/g, encodeURIComponent)}`;
  });
  const others = Object.entries(mends).filter(([flag]) => !mended.some(name => flag === `s3-${name}`));
  return { store: `${place}?${pairs.join('&')}`, ...Object.fromEntries(others) };
};

const known =
  's3://bucket/prefix, file:///absolute/folder, file:relative/folder and plain paths such as ./snapbacks';

const bucketOf = (rest: string): Location => {
  const [place = '', settings] = rest.split(/\?(.*)/s, 2);
  const text = `s3:${place}`;
  // Not quoted: what stands before an @ is mostly a password.
  if (place.includes('@'))
    throw wrong(
      's3://…@…',
      'holds credentials',
      'Give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or by a profile, and the server with --s3-endpoint.',
    );
  const [, bucket = '', path = ''] = /^\/\/([^/]*)(.*)$/s.exec(place) ?? [];
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/.test(bucket))
    throw wrong(
      text,
      bucket === '' ? 'names no bucket' : `names ${JSON.stringify(bucket)}, which no bucket is called`,
      'Write s3://bucket/prefix; the address of the server goes to --s3-endpoint, or behind it: ?endpoint=https://….',
    );
  const prefix = path.replace(/^\//, '').replace(/\/$/, '');
  if (prefix !== '' && prefix.split('/').some(part => !isFolder(part)))
    throw wrong(
      text,
      'has a prefix that cannot be one',
      'Write it as folders with single slashes between them; settings of the server stand behind a ?, or are options (--s3-…).',
    );
  return { kind: 's3', bucket, prefix, own: settings === undefined ? {} : ownOf(text, settings) };
};

const ownOf = (text: string, settings: string): LocationSettings => {
  try {
    return parseLocationSettings(settings);
  } catch (error) {
    throw wrong(
      `${text}?…`,
      (error as Error).message,
      `Known are ${knownSettings.join(', ')}, such as s3://bucket/prefix?endpoint=https://minio.example:9000&profile=minio; keys stand in the profile.`,
    );
  }
};

// Control characters cannot be listed in XML, and # shows that somebody meant a URL with a fragment.
const isFolder = (part: string): boolean =>
  part !== '' && part !== '.' && part !== '..' && !/[\p{Cc}#\\]/u.test(part);

const pathOfUrl = (text: string): string => {
  const rest = text.slice('file:'.length);
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (rest.startsWith('//') && !path.startsWith('/'))
    throw wrong(text, `names the host ${JSON.stringify(path.split('/')[0])}`, `Known are ${known}.`);
  return checkPath(decoded(path, text), text);
};

const decoded = (path: string, text: string): string => {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw wrong(text, 'has a % that is not the start of %XX', 'Write a percent sign as %25.', cause);
  }
};

const checkPath = (path: string, text: string): string => {
  if (path.trim() === '') throw wrong(text, 'names no folder', `Known are ${known}.`);
  if (path.includes('\0')) throw wrong(text, 'holds a zero byte', `Known are ${known}.`);
  // A quoted ~ reaches us unexpanded, and a folder that is really called ~ is never what was meant.
  if (/^~[^/]*(\/|$)/.test(path))
    throw wrong(text, 'begins with ~, which only a shell expands', 'Write the whole path.');
  return path;
};

const wrong = (text: string, reason: string, hint: string, cause?: unknown): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'read the location of the store',
    object: JSON.stringify(text),
    reason,
    hint,
    cause,
  });
