/**
 * Texts of settings to values, the same for an option and for a part of a location. Each throws an Error whose message
 * reads on from the setting: `is empty`.
 */

export const nonEmpty = (text: string): string => {
  if (text.trim() === '') throw new Error('is empty');
  return text;
};

// What Go's strconv.ParseBool takes for etcdctl's variables, and yes and no beside it.
export const toBoolean = (text: string): boolean => {
  if (/^(true|t|1|yes)$/i.test(text)) return true;
  if (/^(false|f|0|no)$/i.test(text)) return false;
  throw new Error('is neither true nor false');
};

/** The address of an S3 server, as it was written. */
export const toEndpoint = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.username || url?.password) throw new Error(holdsCredentials);
  if (url && ['http:', 'https:'].includes(url.protocol) && url.hostname !== '') return text;
  throw new Error('is not the address of a server');
};

/** Why `toEndpoint` refuses a text that is not to be quoted. */
export const holdsCredentials = 'holds credentials';
