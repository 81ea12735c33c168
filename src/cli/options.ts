/** Every option of the program, once. Commands pick theirs from here, so a flag means the same wherever it is taken. */
import { choiceOption, durationOption, listOption, switchOption, textOption, wordOption } from './option.ts';
import { presets } from './presets.ts';
import { s3Options } from './s3-options.ts';
import { trustOptions } from './signature-options.ts';
import { toTime } from './time.ts';

/** Taken by every command. */
export const everywhere = {
  config: textOption({
    flag: 'config',
    value: 'FILE',
    help: 'read options from this file (default: ./snapback.yaml where there is one)',
    fallback: null,
    inConfig: false,
  }),
  json: switchOption({
    flag: 'json',
    help: 'print one JSON document on stdout',
    fallback: false,
    inConfig: false,
  }),
  quiet: switchOption({
    flag: 'quiet',
    help: 'print the bare result and nothing else',
    fallback: false,
    inConfig: false,
  }),
  logLevel: choiceOption({
    flag: 'log-level',
    choices: ['debug', 'info', 'warn', 'error'] as const,
    help: 'what is told on stderr (default: info)',
    fallback: 'info',
  }),
  logFormat: choiceOption({
    flag: 'log-format',
    choices: ['text', 'json'] as const,
    help: 'how it is told (default: text)',
    fallback: 'text',
  }),
  commandTimeout: durationOption({
    flag: 'command-timeout',
    help: 'end the whole command after this time (default: no limit)',
    env: ['ETCDCTL_COMMAND_TIMEOUT'],
    fallback: null,
  }),
};

/** How long etcd or a store may take. */
const timeouts = {
  dialTimeout: durationOption({
    flag: 'dial-timeout',
    help: 'how long a connection may take (default: 5s)',
    env: ['ETCDCTL_DIAL_TIMEOUT'],
    fallback: 5_000,
  }),
  idleTimeout: durationOption({
    flag: 'idle-timeout',
    help: 'how long no byte may come (default: 30s)',
    fallback: 30_000,
  }),
};

/** Where the snapshots are. */
export const storeOptions = {
  store: textOption({
    flag: 'store',
    value: 'LOCATION',
    help: 'where the snapshots are: s3://BUCKET/PREFIX, file:///PATH or a path (default: ./snapbacks); a bucket may bring settings: ?endpoint=URL&profile=NAME',
    fallback: './snapbacks',
  }),
  cluster: textOption({
    flag: 'cluster',
    value: 'NAME',
    help: 'the name of the etcd cluster in the store (default: default)',
    fallback: 'default',
  }),
  lineage: textOption({
    flag: 'lineage',
    value: 'ID',
    help: 'the lineage that the snapshots must belong to',
    fallback: null,
  }),
  ...s3Options,
  ...timeouts,
};

/** For commands that read what is in the store. */
export const readOptions = { ...storeOptions, ...trustOptions };

/** How to reach etcd; names and meaning are etcdctl's. */
export const etcdOptions = {
  preset: choiceOption({
    flag: 'preset',
    choices: ['kubeadm', 'k3s', 'rke2'] as const,
    help: 'endpoints and certificates as they are on a control-plane node of this kind, where no other are given',
    fallback: null,
    fills: presets,
  }),
  endpoints: listOption({
    flag: 'endpoints',
    value: 'URL,…',
    help: 'addresses of etcd (default: 127.0.0.1:2379)',
    env: ['ETCDCTL_ENDPOINTS'],
    comma: true,
    fallback: ['127.0.0.1:2379'],
  }),
  cacert: textOption({
    flag: 'cacert',
    value: 'FILE',
    help: 'CA certificates that etcd must be signed by (PEM)',
    env: ['ETCDCTL_CACERT'],
    fallback: null,
  }),
  cert: textOption({
    flag: 'cert',
    value: 'FILE',
    help: 'client certificate (PEM)',
    env: ['ETCDCTL_CERT'],
    fallback: null,
  }),
  key: textOption({
    flag: 'key',
    value: 'FILE',
    help: 'key of the client certificate (PEM)',
    env: ['ETCDCTL_KEY'],
    fallback: null,
  }),
  user: textOption({
    flag: 'user',
    value: 'NAME[:PASSWORD]',
    help: 'user of etcd; a snapshot needs the root role',
    env: ['ETCDCTL_USER'],
    secret: true,
    fallback: null,
  }),
  password: textOption({
    flag: 'password',
    value: 'TEXT',
    help: 'password of the user; --password-file keeps it off the command line',
    env: ['ETCDCTL_PASSWORD'],
    secret: true,
    fallback: null,
  }),
  passwordFile: textOption({
    flag: 'password-file',
    value: 'FILE',
    help: 'file whose first line is the password',
    fallback: null,
  }),
  insecureSkipTlsVerify: switchOption({
    flag: 'insecure-skip-tls-verify',
    help: "do not check the server's certificate",
    env: ['ETCDCTL_INSECURE_SKIP_TLS_VERIFY'],
    fallback: false,
  }),
  ...timeouts,
};

/** Which of etcd's own programs are used. */
const programOptions = {
  etcdBin: textOption({
    flag: 'etcd-bin',
    value: 'DIR',
    help: 'folder with etcd, etcdutl, etcdctl (default: PATH, then the cache)',
    fallback: null,
  }),
  etcdVersion: choiceOption({
    flag: 'etcd-version',
    choices: ['3.4', '3.5', '3.6', '3.7'] as const,
    help: 'minor version of the programs (default: the one that the snapshot was taken from; a file of etcdctl says it from 3.6 on)',
    fallback: null,
  }),
};

/** For commands that take SNAPSHOT. */
export const snapshotOptions = {
  ...readOptions,
  before: wordOption<Date, null>({
    flag: 'before',
    value: 'TIME',
    help: 'with latest: only those of this time or before (RFC 3339, a date, or a duration ago; UTC without offset)',
    parse: text => toTime(text),
    fallback: null,
    inConfig: false,
  }),
};

/** For commands that read what is in a snapshot, or in a file that another tool made. */
export const contentOptions = {
  ...snapshotOptions,
  identity: listOption({
    flag: 'identity',
    value: 'FILE',
    help: 'age identity file to decrypt with; may be repeated',
    fallback: [],
  }),
  scratch: textOption({
    flag: 'scratch',
    value: 'DIR',
    help: 'where a private folder for the work is made and removed (default: the folder for temporary files)',
    fallback: null,
  }),
};

/** For commands that unpack them for etcd's own programs. */
export const openOptions = {
  ...contentOptions,
  ...programOptions,
  skipHashCheck: switchOption({
    flag: 'skip-hash-check',
    help: "take a file without etcd's SHA-256 at its end, such as one copied out of a data directory",
    fallback: false,
    inConfig: false,
  }),
};

/** For commands that encrypt. */
export const recipientOptions = {
  recipient: listOption({
    flag: 'recipient',
    value: 'AGE1…',
    help: 'encrypt for this age recipient; may be repeated (copy: anew, under a new id, and only as a flag)',
    fallback: [],
  }),
  recipientsFile: textOption({
    flag: 'recipients-file',
    value: 'FILE',
    help: 'the same for the age recipients in this file, one a line',
    fallback: null,
  }),
};

/** For commands that print ages. */
export const utcOption = switchOption({
  flag: 'utc',
  help: 'exact times in place of ages',
  fallback: false,
  inConfig: false,
});
