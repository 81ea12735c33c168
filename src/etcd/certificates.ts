/** The PEM files that a connection is made with, read and checked before anything is sent to anybody. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { messageOf, SnapbackError } from '../errors.ts';
import type { EtcdSettings } from './settings.ts';

export type Certificates = {
  ca: Buffer | null;
  /** Our own certificate with its chain, and its key. */
  own: { cert: Buffer; key: Buffer; expires: Date; path: string } | null;
};

/**
 * Reads what the settings name. Throws `usage` when a file is missing, unreadable or of the wrong kind, when only
 * one of certificate and key is given, and when they do not belong together: OpenSSL would take a CA file without
 * a certificate in silence and refuse the server instead, and say "key values mismatch" without a file's name.
 */
export const readCertificates = async (
  settings: Pick<EtcdSettings, 'cacert' | 'cert' | 'key'>,
  { signal }: { signal: AbortSignal },
): Promise<Certificates> => {
  const { cacert, cert, key } = settings;
  if ((cert === null) !== (key === null)) {
    throw new SnapbackError('usage', {
      operation: 'read the certificates',
      object: cert === null ? `key ${key}` : `certificate ${cert}`,
      reason: `is given without its ${cert === null ? 'certificate' : 'key'}`,
      hint: 'Give both --cert and --key, or neither.',
    });
  }
  const ca = cacert === null ? null : await read('CA file', cacert, signal);
  if (ca && cacert !== null) certificatesIn('CA file', cacert, ca);
  if (cert === null || key === null) return { ca, own: null };
  const pem = { cert: await read('certificate', cert, signal), key: await read('key', key, signal) };
  const [leaf] = certificatesIn('certificate', cert, pem.cert);
  if (leaf && !leaf.checkPrivateKey(privateKey(key, pem.key))) {
    throw wrong(
      'certificate',
      cert,
      `does not belong to the key ${key}`,
      'Name a certificate and the key that it was made for; they are usually renewed together.',
    );
  }
  return { ca, own: { ...pem, path: cert, expires: leaf?.validToDate ?? new Date(Number.NaN) } };
};

const read = async (kind: string, path: string, signal: AbortSignal): Promise<Buffer> => {
  try {
    return await readFile(path, { signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw wrong(kind, path, 'does not exist', 'Check the path.', error);
    if (code === 'EISDIR') throw wrong(kind, path, 'is a folder', 'Name the PEM file itself.', error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw wrong(kind, path, 'may not be read', 'Run as a user who may read it, often root.', error);
    }
    throw wrong(kind, path, `cannot be read (${messageOf(error)})`, 'Check the file.', error);
  }
};

const certificatesIn = (kind: string, path: string, pem: Buffer): X509Certificate[] => {
  const blocks =
    pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map(block => new X509Certificate(block));
  } catch (error) {
    throw wrong(kind, path, 'holds a certificate that cannot be read', 'Make the file anew.', error);
  }
  throw wrong(kind, path, 'holds no certificate', 'Name a PEM file with a BEGIN CERTIFICATE block.');
};

const privateKey = (path: string, pem: Buffer): KeyObject => {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const locked = /ENCRYPTED/.test(pem.toString('latin1'));
    const reason = locked ? 'is locked by a passphrase' : 'holds no private key';
    const hint = locked ? 'Name an unlocked copy, mode 0600.' : 'Name a PEM file with a PRIVATE KEY block.';
    throw wrong('key', path, reason, hint, error);
  }
};

const wrong = (kind: string, path: string, reason: string, hint: string, cause?: unknown) =>
  new SnapbackError('usage', {
    operation: 'read the certificates',
    object: `${kind} ${path}`,
    reason,
    hint,
    cause,
  });
