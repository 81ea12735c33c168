/** Certificate authorities and what they sign, as PEM files (0600) in a folder. */
import './reflect-metadata.ts';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** Paths of PEM files. */
export type Issued = { cert: string; key: string };

export type Authority = {
  /** Path of its own certificate. */
  ca: string;
  /**
   * Signs a certificate for these names and addresses (none for a client) that serves both sides, as etcd wants it.
   * `days` counts from now; a negative number gives one that has expired.
   */
  issue(name: string, options?: { hosts?: string[]; days?: number }): Promise<Issued>;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 24 * 60 * 60 * 1000;
const serial = () => `00${randomBytes(15).toString('hex')}`;

/** Makes a new authority; its files in `folder` begin with `name`. */
export const createAuthority = async (folder: string, name: string): Promise<Authority> => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 30 * day),
    notAfter: new Date(Date.now() + 365 * day),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const ca = join(folder, `${name}.crt`);
  await writePrivate(ca, root.toString('pem'));
  return {
    ca,
    issue: async (subject, { hosts = [], days = 30 } = {}) => {
      const own = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const now = Date.now();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: `CN=${subject}`,
        issuer: root.subject,
        notBefore: new Date(now - 20 * day),
        notAfter: new Date(now + days * day),
        signingAlgorithm: algorithm,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([
            x509.ExtendedKeyUsage.serverAuth,
            x509.ExtendedKeyUsage.clientAuth,
          ]),
          ...(hosts.length === 0
            ? []
            : [new x509.SubjectAlternativeNameExtension(hosts.map(alternativeName))]),
          await x509.AuthorityKeyIdentifierExtension.create(root),
        ],
      });
      const issued = {
        cert: join(folder, `${name}-${subject}.crt`),
        key: join(folder, `${name}-${subject}.key`),
      };
      await writePrivate(issued.cert, certificate.toString('pem'));
      const pkcs8 = await crypto.subtle.exportKey('pkcs8', own.privateKey);
      await writePrivate(issued.key, x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'));
      return issued;
    },
  };
};

const alternativeName = (host: string): x509.JsonGeneralName => ({
  type: isIP(host) ? 'ip' : 'dns',
  value: host,
});

const writePrivate = (path: string, text: string) => writeFile(path, text, { mode: 0o600 });
