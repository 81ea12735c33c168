/** The Ed25519 key that manifests and verdicts are signed with. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { SnapbackError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { pemBlocks } from './pem.ts';
import type { Trust } from './trust-key.ts';

/** A private key in PEM, as `openssl genpkey -algorithm ed25519` makes it. */
export type SignKeyFile = { path: string; text: Secret };

export type SignKey = {
  /** The file that it came from, which names it. */
  path: string;
  /** 64 raw bytes (RFC 8032, pure Ed25519). */
  sign(bytes: Uint8Array): Uint8Array;
  isTrusted(trust: Trust): boolean;
};

/** Null for null. Throws `usage` for a file without a private Ed25519 key, or with one that is encrypted. */
export const signKeyOf = (file: SignKeyFile | null): SignKey | null => {
  if (file === null) return null;
  const { path } = file;
  const key = privateKey(path, file.text.reveal());
  const own = createPublicKey(key);
  return {
    path,
    sign: bytes => sign(null, bytes, key),
    isTrusted: trust => trust.some(one => one.key.equals(own)),
  };
};

const privateKey = (path: string, text: string): KeyObject => {
  const blocks = pemBlocks(text);
  const block = blocks.find(({ label }) => label.includes('PRIVATE')) ?? blocks[0];
  if (!block) throw unusable(path, 'holds no key in PEM', howToMake);
  if (block.label.startsWith('ENCRYPTED') || /^Proc-Type: .*ENCRYPTED/m.test(block.text))
    throw unusable(
      path,
      'is encrypted with a passphrase, and no command ever asks for one',
      `Keep it where only this user reads it, without the passphrase: openssl pkey -in ${path} -out sign.key`,
    );
  if (!block.label.includes('PRIVATE'))
    throw unusable(path, `holds a ${block.label} and no private key`, 'A public key goes to --trust-key.');
  const key = parse(path, block.text);
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw unusable(path, `holds a key of the kind ${key.asymmetricKeyType} and not ed25519`, howToMake);
};

const parse = (path: string, block: string): KeyObject => {
  try {
    return createPrivateKey(block);
  } catch (cause) {
    throw unusable(path, 'holds a key that cannot be read', howToMake, cause);
  }
};

const howToMake = 'Make one with: openssl genpkey -algorithm ed25519 -out sign.key';

const unusable = (path: string, reason: string, hint: string, cause?: unknown): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'read the key to sign with',
    object: `key file ${path}`,
    reason,
    hint,
    cause,
  });
