/** Ed25519 keys as openssl makes them, and openssl itself for what it says of signatures. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { promisify } from 'node:util';
import { type SignKey, signKeyOf } from '../../src/catalog/sign-key.ts';
import { type Trust, trustOf } from '../../src/catalog/trust-key.ts';
import { secret } from '../../src/secret.ts';

/** The paths of `<folder>/<name>.key` and `.pub`, which openssl wrote. */
export const opensslKey = async (folder: string, name: string): Promise<{ key: string; pub: string }> => {
  const [key, pub] = [`${folder}/${name}.key`, `${folder}/${name}.pub`];
  await openssl('genpkey', '-algorithm', 'ed25519', '-out', key);
  await openssl('pkey', '-in', key, '-pubout', '-out', pub);
  return { key, pub };
};

/** Writes `<file>.sig` as a person would with openssl alone. */
export const opensslSign = async ({ key }: { key: string }, file: string): Promise<void> => {
  await openssl('pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', file, '-out', `${file}.sig`);
};

export const openssl = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('openssl', args)).stdout;

/** A key in memory, with the trust in it alone. */
export const madeKey = (name: string): { sign: SignKey; trust: Trust; publicPem: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const publicPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const sign = signKeyOf({ path: `${name}.key`, text: secret(pem) });
  if (!sign) throw new Error('no key');
  return { sign, trust: trustOf([{ path: `${name}.pub`, text: publicPem }]), publicPem };
};
