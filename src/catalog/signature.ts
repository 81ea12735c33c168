/** Detached signatures: `<file>.sig` beside a file, Ed25519 over its exact bytes, 64 raw bytes. */
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { PutOptions, Store } from '../store/store.ts';
import { readSmall } from './document.ts';
import { signatureFile } from './names.ts';
import type { SignKey } from './sign-key.ts';
import { signerOf, type Trust, trustWords } from './trust-key.ts';

const signatureSize = 64;
const operation = 'check the signature';

/**
 * Signs the bytes that are to be put under a name, and puts the signature; nothing without a key. It goes before what
 * it signs, so that nobody ever sees that without it. Throws what `store.put` throws.
 */
export const putSignature = async (
  store: Store,
  name: string,
  bytes: Uint8Array,
  { signKey, ...options }: PutOptions & { signKey: SignKey | null },
): Promise<void> => {
  if (signKey) await store.put(signatureFile(name), signKey.sign(bytes), options);
};

/**
 * The file of the key that signed these bytes, which were read under a name; null where signatures are not looked at.
 * `integrity` where there is none, or one of nobody who is trusted; `store`, or the signal's reason.
 */
export const checkSignature = async (
  store: Store,
  name: string,
  bytes: Uint8Array,
  { trust, signal }: { trust: Trust; signal: AbortSignal },
): Promise<string | null> => {
  if (trust.length === 0) return null;
  const signature = await readSmall(store, signatureFile(name), { signal }).catch((error: unknown) => {
    if (!isSnapbackError(error) || error.code !== 'not-found') throw error;
    throw untrusted(name, `is not signed, and only what ${trustWords(trust)} signed is believed`);
  });
  if (signature.length !== signatureSize)
    throw untrusted(
      name,
      `has a signature of ${signature.length} bytes, where an Ed25519 signature has ${signatureSize}`,
    );
  const signer = signerOf(trust, bytes, signature);
  if (!signer) throw untrusted(name, `is not signed by a key that is trusted (${trustWords(trust)})`);
  return signer.path;
};

/** True for the error of `checkSignature` that says that nobody who is trusted signed it. */
export const isUntrusted = (error: SnapbackError): boolean =>
  error.code === 'integrity' && error.operation === operation;

const untrusted = (name: string, reason: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation,
    object: name,
    reason,
    hint: 'Somebody may have changed or exchanged it. If another key of yours signed it, name that one too with --trust-key. Nothing in it was used.',
  });
