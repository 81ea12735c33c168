/** What a person writes to say where the store is, taken apart. Pure: nothing is opened or looked at. */
import { SnapbackError } from '../errors.ts';

/** `path` is as it was written, so possibly relative to the working directory. */
export type Location = { kind: 'file'; path: string };

/**
 * `file:///var/backups`, `file:backups`, `./snapbacks`, `/var/backups`. After `file:` percent signs are read as
 * in URLs (RFC 8089); a plain path is taken as it is. Throws `usage` for everything else.
 */
export const parseLocation = (text: string): Location => {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(text)?.[1];
  if (scheme === undefined) return { kind: 'file', path: checkPath(text, text) };
  if (scheme.toLowerCase() === 'file') return { kind: 'file', path: pathOfUrl(text) };
  throw wrong(
    text,
    `has the unknown scheme ${scheme}:`,
    `Known are ${known}; a folder whose name holds a colon is written ./${text}.`,
  );
};

const known = 'file:///absolute/folder, file:relative/folder and plain paths such as ./snapbacks';

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
