/** From resolved options to what jobs take: secrets wrapped, files of secrets read. */
import { readFileSync } from 'node:fs';
import { from, SnapbackError } from '../errors.ts';
import type { EtcdSettings, ProgramSettings, StoreSettings } from '../job/settings.ts';
import { type Secret, secret } from '../secret.ts';
import type { Values } from './option.ts';
import type { etcdOptions, programOptions, storeOptions } from './options.ts';
import type { Source } from './resolve.ts';

export const storeSettings = (
  values: Values<typeof storeOptions>,
  sources: { cluster: Source },
): StoreSettings => ({
  store: values.store,
  cluster: values.cluster,
  clusterNamed: sources.cluster !== 'default',
  lineage: values.lineage,
});

export const programSettings = (
  values: Values<typeof programOptions>,
  env: NodeJS.ProcessEnv,
): ProgramSettings => ({ etcdBin: values.etcdBin, etcdVersion: values.etcdVersion, env });

/** `--user name:password` is split as etcdctl does: at the first colon, and only without another password. */
export const etcdSettings = (values: Values<typeof etcdOptions>): EtcdSettings => {
  const { endpoints, cacert, cert, key, insecureSkipTlsVerify, dialTimeout, idleTimeout } = values;
  return {
    ...credentials(values),
    endpoints,
    cacert,
    cert,
    key,
    insecureSkipTlsVerify,
    dialTimeout,
    idleTimeout,
  };
};

export type UserValues = { user: string | null; password: string | null; passwordFile: string | null };

export const credentials = (values: UserValues): { user: string | null; password: Secret | null } => {
  const given = values.password ?? (values.passwordFile === null ? null : firstLine(values.passwordFile));
  if (values.user === null) return { user: null, password: null };
  const colon = values.user.indexOf(':');
  const user = given === null && colon >= 0 ? values.user.slice(0, colon) : values.user;
  const password = given ?? (colon >= 0 ? values.user.slice(colon + 1) : null);
  if (password === null)
    throw new SnapbackError('usage', {
      operation: 'read the options',
      object: `--user ${user}`,
      reason: 'has no password',
      hint: 'Give it with --password-file FILE, or in the variable SNAPBACK_PASSWORD.',
    });
  return { user, password: secret(password) };
};

/** The texts of age identity files, or of files with recipients. */
export const readSecretFiles = (files: string[], what: string): Secret[] =>
  files.map(file => secret(readText(file, what)));

export const readText = (file: string, what: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw from(error, 'usage', {
      operation: `read ${what}`,
      object: `file ${file}`,
      reason: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read',
      hint: 'Check the path and who may read it.',
    });
  }
};

const firstLine = (file: string): string => readText(file, 'the password').split(/\r?\n/)[0] ?? '';
