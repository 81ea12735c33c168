/** Whose signatures are believed: Ed25519 public keys, each named by the file that it came from. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { SnapbackError } from '../errors.ts';
import { pemBlocks } from './pem.ts';

/** A file of public keys in PEM, one or several, as `openssl pkey -pubout` writes them. */
export type TrustKeyFile = { path: string; text: string };

export type TrustKey = { path: string; key: KeyObject };

/** Empty: signatures are not looked at. */
export type Trust = readonly TrustKey[];

/** Signatures are not looked at: for what has nothing to believe. */
export const anyone: Trust = [];

/** The keys of all files. Throws `usage` for a file that has none, or anything else than public Ed25519 keys. */
export const trustOf = (files: TrustKeyFile[]): Trust => files.flatMap(keysIn);

const keysIn = ({ path, text }: TrustKeyFile): TrustKey[] => {
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw unusable(path, 'holds no key in PEM', howToMake);
  return blocks.map(({ label, text: block }) => {
    if (label.includes('PRIVATE'))
      throw unusable(
        path,
        'holds a private key, which whoever only reads must not have',
        `Give its public half: openssl pkey -in ${path} -pubout -out sign.pub`,
      );
    if (label !== 'PUBLIC KEY') throw unusable(path, `holds a ${label} and not a PUBLIC KEY`, howToMake);
    const key = publicKey(path, block);
    if (key.asymmetricKeyType !== 'ed25519')
      throw unusable(path, `holds a key of the kind ${key.asymmetricKeyType} and not ed25519`, howToMake);
    return { path, key };
  });
};

const publicKey = (path: string, block: string): KeyObject => {
  try {
    return createPublicKey(block);
  } catch (cause) {
    throw unusable(path, 'holds a key that cannot be read', howToMake, cause);
  }
};

/** The key that made a signature of these bytes; null when none of them did. */
export const signerOf = (trust: Trust, bytes: Uint8Array, signature: Uint8Array): TrustKey | null =>
  trust.find(({ key }) => verify(null, bytes, key, signature)) ?? null;

/** The files of the keys, as they read in a sentence. */
export const trustWords = (trust: Trust): string => [...new Set(trust.map(({ path }) => path))].join(', ');

const howToMake =
  'Write the public half of the signing key with: openssl pkey -in sign.key -pubout -out sign.pub';

const unusable = (path: string, reason: string, hint: string, cause?: unknown): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'read the keys that are trusted',
    object: `key file ${path}`,
    reason,
    hint,
    cause,
  });
