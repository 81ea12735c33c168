/** The secret keys that decrypt: the texts of age identity files. Nothing of a key is ever in an error. */
import type { Decrypter } from 'age-encryption';
import { SnapbackError } from '../errors.ts';
import type { Secret } from '../secret.ts';

/** Rejects with `usage` and a sentence for the first identity that cannot be read. */
export const checkIdentities = async (identities: Secret[]): Promise<void> => {
  await newDecrypter(identities);
};

/**
 * True where one of the identities belongs to one of the recipients, as the manifest records them: asked before a
 * large object is read. `usage` where an identity cannot be read.
 */
export const someIdentityFits = async (identities: Secret[], recipients: string[]): Promise<boolean> => {
  await newDecrypter(identities);
  const { identityToRecipient } = await import('age-encryption');
  for (const { key } of identities.flatMap(keysIn)) {
    if (recipients.includes(await identityToRecipient(key))) return true;
  }
  return false;
};

/** A decrypter with all of them; `usage` where one cannot be read. */
export const newDecrypter = async (identities: Secret[]): Promise<Decrypter> => {
  // Loaded when it is needed: it costs as much as the rest of the program's start.
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  identities.forEach((identity, index) => {
    const keys = keysIn(identity);
    if (keys.length === 0) throw unreadable(index, identities, 'holds no key');
    for (const { key, line } of keys) {
      const refusal = refuse(key);
      if (refusal) throw unreadable(index, identities, refusal);
      try {
        decrypter.addIdentity(key);
      } catch {
        throw unreadable(index, identities, `has a line ${line} that is not a valid age secret key`);
      }
    }
  });
  return decrypter;
};

const keysIn = (identity: Secret): { key: string; line: number }[] =>
  identity
    .reveal()
    .split('\n')
    .map((text, index) => ({ key: text.trim(), line: index + 1 }))
    .filter(({ key }) => key !== '' && !key.startsWith('#'));

const refuse = (key: string): string | null => {
  if (key.startsWith('AGE-PLUGIN-')) return 'is for an age plugin, and plugins are not run here';
  if (/^age1[a-z0-9]/.test(key)) return 'holds a recipient (age1…), where the secret key is wanted';
  if (key.startsWith('age-encryption.org/') || key.startsWith('-----BEGIN AGE ENCRYPTED')) {
    return 'is itself encrypted; decrypt it with `age -d` first';
  }
  if (/^-----BEGIN .*PRIVATE KEY-----/.test(key))
    return 'is an SSH or other private key, which is not read here';
  return null;
};

const unreadable = (index: number, identities: Secret[], reason: string): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'read an identity',
    object: identities.length === 1 ? 'the identity' : `identity ${index + 1} of ${identities.length}`,
    reason,
    hint: 'Give a file that `age-keygen` made: --identity FILE.',
  });
