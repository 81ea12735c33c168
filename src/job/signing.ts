/** What a person who trusts only some keys should be told of what those keys cannot vouch for. */
import type { SignKey } from '../catalog/sign-key.ts';
import { type Trust, trustOf, trustWords } from '../catalog/trust-key.ts';
import type { Context } from './context.ts';
import type { StoreSettings } from './settings.ts';

/** Warns where keys are trusted and `what` (in the plural) will not be signed by one of them. */
export const warnIfUntrusted = (
  what: string,
  signKey: SignKey | null,
  trust: Trust,
  { log }: Pick<Context, 'log'>,
): void => {
  if (trust.length === 0 || signKey?.isTrusted(trust)) return;
  const how = signKey
    ? `are signed with ${signKey.path}, which is none of the trusted keys (${trustWords(trust)})`
    : 'are not signed';
  log.warn(`${what} ${how}: with --trust-key they will not count. --sign-key FILE signs them`);
};

/**
 * Of a file that was named in place of a stored snapshot: it has no manifest that could be signed, which is said where
 * keys are trusted. Throws `usage` for a key that cannot be used.
 */
export const unsignedFile = (path: string, { trustKeys }: Pick<StoreSettings, 'trustKeys'>): string[] =>
  trustOf(trustKeys).length === 0
    ? []
    : [`file ${path} has no manifest and so no signature: that it is the right one, no trusted key says`];
