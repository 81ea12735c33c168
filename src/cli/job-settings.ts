/** From resolved options to what jobs take: secrets wrapped, files of secrets read. */
import { SnapbackError } from '../errors.ts';
import type { SnapshotSettings } from '../job/own-snapshot.ts';
import type { EtcdSettings, StoreSettings } from '../job/settings.ts';
import { readText } from '../named-file.ts';
import { type Secret, secret } from '../secret.ts';
import type { Invocation } from './command.ts';
import type { Values } from './option.ts';
import type { contentOptions, etcdOptions, openOptions, snapshotOptions, storeOptions } from './options.ts';
import type { Source } from './resolve.ts';
import { s3Settings } from './s3-settings.ts';
import type { trustOptions } from './signature-options.ts';

/** `others` are more locations that the settings are for. */
export const storeSettings = (
  values: Values<typeof storeOptions> & Partial<Values<typeof trustOptions>>,
  sources: { cluster: Source },
  others: string[] = [],
): StoreSettings => ({
  store: values.store,
  // Its files are read only where they are needed: AWS's variables may stand for something else.
  s3: [values.store, ...others].some(one => /^s3:/i.test(one)) ? s3Settings(values) : null,
  cluster: values.cluster,
  clusterNamed: sources.cluster !== 'default',
  lineage: values.lineage,
  trustKeys: (values.trustKey ?? []).map(path => ({ path, text: readText(path, 'a trusted key') })),
});

/** The file of `--sign-key` with its text. */
export const signKey = (path: string | null): { path: string; text: Secret } | null =>
  path === null ? null : { path, text: secret(readText(path, 'the key to sign with')) };

/** For a job that takes one snapshot of the store. */
export const snapshotSettings = ({
  settings,
  sources,
  args,
}: Pick<Invocation<typeof snapshotOptions>, 'settings' | 'sources' | 'args'>): SnapshotSettings => ({
  ...storeSettings(settings, sources),
  snapshot: args[0] ?? '',
  before: settings.before,
});

/** For a job that reads what is in snapshots: all but which ones. */
export const contentSettings = ({
  settings,
  sources,
}: Pick<Invocation<typeof contentOptions>, 'settings' | 'sources'>) => ({
  store: storeSettings(settings, sources),
  before: settings.before,
  identities: identities(settings.identity),
  scratch: settings.scratch,
});

/** For a job that unpacks them for etcd's own programs. */
export const openSettings = (
  invocation: Pick<Invocation<typeof openOptions>, 'settings' | 'sources' | 'env'>,
) => {
  const { settings, env } = invocation;
  return {
    ...contentSettings(invocation),
    programs: { etcdBin: settings.etcdBin, etcdVersion: settings.etcdVersion, env },
    skipHashCheck: settings.skipHashCheck,
  };
};

/** The texts of age identity files. */
export const identities = (files: string[]): Secret[] =>
  files.map(file => secret(readText(file, 'an identity')));

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

/** The file of `--recipients-file` with its text. */
export const recipientsFile = (path: string | null): { path: string; text: string } | null =>
  path === null ? null : { path, text: readText(path, 'the recipients') };

const firstLine = (file: string): string => readText(file, 'the password').split(/\r?\n/)[0] ?? '';
