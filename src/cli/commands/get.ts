import { SnapbackError } from '../../errors.ts';
import type { OnEntry, Selection } from '../../job/get.ts';
import { entryText, keyText } from '../../report/get.ts';
import { command } from '../command.ts';
import { contentSettings } from '../job-settings.ts';
import { objectOptions } from '../object-options.ts';
import { numberOption, switchOption, textOption } from '../option.ts';
import { contentOptions } from '../options.ts';
import type { Rows } from '../rows.ts';

const text = (flag: string, value: string, help: string) =>
  textOption({ flag, value, help, fallback: null, inConfig: false });
const toggle = (flag: string, help: string) => switchOption({ flag, help, fallback: false, inConfig: false });

export const get = command({
  name: 'get',
  summary: 'a value out of a snapshot, or all below a prefix',
  args: '<snapshot> [key]',
  options: {
    prefix: text('prefix', 'P', 'all keys that begin with P'),
    ...objectOptions,
    all: toggle('all', 'all keys there are, with their values'),
    keysOnly: toggle('keys-only', 'print the keys, one a line, and no values'),
    raw: toggle('raw', "write the value's exact bytes to stdout and nothing else"),
    showSecrets: toggle('show-secrets', 'show values of Secrets that were not named by their own key'),
    limit: numberOption({
      flag: 'limit',
      help: 'at most N keys (default: all)',
      least: 1,
      fallback: null,
      inConfig: false,
    }),
    ...contentOptions,
  },
  examples: [
    'snapback get latest /registry/secrets/prod/db',
    'snapback get latest --resource secrets --namespace prod --name db',
    'snapback get 4f2a9c /config/limits --revision 1284220 --raw > limits.json',
    'snapback get ./etcd.db --prefix /registry/configmaps/ --keys-only',
  ],
  run: async (invocation, context) => {
    const { settings, args, rows } = invocation;
    const { revision, keysOnly, showSecrets, limit } = settings;
    const [snapshot = '', key] = args;
    const selection = selectionOf(key, settings);
    const onEntry = settings.raw
      ? writer(selection, settings, invocation.json, rows)
      : printer(selection, settings, rows);
    const job = {
      ...contentSettings(invocation),
      snapshot,
      selection,
      revision,
      keysOnly,
      showSecrets,
      limit,
    };
    return (await import('../../job/get.ts')).get(job, onEntry, context);
  },
  rows: 'entries',
  text: () => '',
  quiet: () => '',
});

type Flags = {
  prefix: string | null;
  resource: string | null;
  namespace: string | null;
  name: string | null;
  all: boolean;
  keysOnly: boolean;
};

/** All values of a cluster are asked for by name, and never by leaving something out. */
const selectionOf = (
  key: string | undefined,
  { prefix, resource, namespace, name, all, keysOnly }: Flags,
): Selection => {
  const ways = [key, prefix, resource, all || null].filter(way => way !== undefined && way !== null);
  if (ways.length > 1) throw mistake('names a KEY, --prefix, --resource or --all, and only one of them');
  if (resource === null && (namespace ?? name) !== null)
    throw mistake('has --namespace or --name, which only mean something with --resource');
  if (resource !== null) return { resource, namespace, name };
  if (key !== undefined) return { key };
  if (prefix === null && !all && !keysOnly)
    throw mistake(
      'names no key',
      'Name a KEY or --prefix P. --keys-only lists all keys, --all gives them with their values.',
    );
  return { prefix: prefix ?? '' };
};

const isOne = (selection: Selection): boolean =>
  'key' in selection || ('resource' in selection && selection.name !== null);

const printer =
  (selection: Selection, { keysOnly }: Flags, rows: Rows): OnEntry =>
  async entry => {
    const key = keyText(entry);
    if (keysOnly) return await rows.row(entry, { text: key, bare: key });
    const whole = entryText(entry, rows.style);
    if (isOne(selection))
      return await rows.row(entry, { text: whole, bare: entry.text ?? entry.value ?? '' });
    return await rows.row(entry, { text: `${whole}\n`, bare: key });
  };

/** Bytes that are no text do harm to a terminal, and nobody can read them there. */
const writer = (selection: Selection, { keysOnly }: Flags, json: boolean, rows: Rows): OnEntry => {
  if (!isOne(selection)) throw mistake('has --raw, which is for one value: name a KEY');
  if (keysOnly || json) throw mistake(`has --raw with --${json ? 'json' : 'keys-only'}: take one of them`);
  return async ({ text, key }, value) => {
    if (rows.style.columns !== null && (text === null || /[^\P{Cc}\n\t]/u.test(text)))
      throw new SnapbackError('usage', {
        operation: 'get',
        object: `key ${key}`,
        reason: 'has a value that would upset this terminal',
        hint: 'Send it to a file: snapback get … --raw > FILE.',
      });
    return await rows.bytes(value ?? new Uint8Array());
  };
};

const mistake = (reason: string, hint = 'See snapback get --help.'): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'start',
    object: 'the command line',
    reason,
    hint,
  });
