/** What has to be counted in a database for what is expected of it. */
import { ask } from '../bolt/ask.ts';
import { endOfFolder, type Folder } from '../bolt/folders.ts';
import { type LivePart, liveKeysIn } from '../bolt/live-row.ts';
import { keyName, resourceName } from '../kubernetes/key-name.ts';
import type { Context } from './context.ts';
import type { Expectation } from './expectation.ts';

export type Database = {
  file: string;
  /** As a person knows it. */
  name: string;
  /** A private folder. */
  scratch: string;
};

export type Counts = {
  /** At the newest revision. */
  keys: number;
  /** By the text of the expectation: how many keys begin with the prefix, and whether the key is there (1 or 0). */
  named: Map<string, number>;
  /** Null where nobody asked. */
  groups: Groups | null;
};

/** Keys by resource of Kubernetes, or by prefix where they are none; a reason where they could not be told apart. */
export type Groups = Map<string, number> | string;

/**
 * Reads the records as often as is needed: not at all for their number, once for prefixes and keys, twice for groups.
 * In bounded memory. Throws `integrity`, `failed` where file or folder fail, or the signal's reason.
 */
export const countExpected = async (
  expectations: Expectation[],
  database: Database,
  { keys }: { keys: number },
  context: Pick<Context, 'signal' | 'progress'>,
): Promise<Counts> => ({
  keys,
  named: await countNamed(expectations, database, context),
  groups: expectations.some(({ kind }) => kind === 'shrink-by-prefix')
    ? await countGroups(database, context)
    : null,
});

type Named = { text: string; bytes: Buffer; whole: boolean };

const countNamed = async (
  expectations: Expectation[],
  { file, name, scratch }: Database,
  { signal }: Pick<Context, 'signal'>,
): Promise<Map<string, number>> => {
  const different = new Map(expectations.map(one => [one.text, one])).values();
  const wanted = [...different].flatMap((one): Named[] => {
    if (one.kind === 'key') return [{ text: one.text, bytes: Buffer.from(one.key), whole: true }];
    if (one.kind === 'prefix') return [{ text: one.text, bytes: Buffer.from(one.prefix), whole: false }];
    return [];
  });
  const counted = new Map(wanted.map(({ text }) => [text, 0]));
  if (wanted.length === 0) return counted;
  const prefixes = wanted.map(({ bytes }) => bytes);
  const question = { path: file, scratch, revision: null, prefixes, hashes: false, values: false };
  const onPart = (part: LivePart) => {
    for (const { key } of liveKeysIn(part))
      for (const { text, bytes, whole } of wanted)
        if (whole ? key.equals(bytes) : key.subarray(0, bytes.length).equals(bytes))
          counted.set(text, (counted.get(text) ?? 0) + 1);
  };
  await ask('liveKeys', question, { name, signal, onPart });
  return counted;
};

/** Throws what `countExpected` throws. */
export const countGroups = async (
  { file, name, scratch }: Database,
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
): Promise<Groups> => {
  const { keys } = await ask(
    'inspect',
    { path: file, scratch, prefix: Buffer.alloc(0), depth: 4, top: 1 },
    { name, signal, onPart: part => progress({ phase: 'database', ...part }) },
  );
  return groupsOf(keys.folders);
};

const groupsOf = (folders: Folder[]): Groups => {
  if (folders.some(isTooWide)) return 'it has too many prefixes to be counted one by one';
  const groups = new Map<string, number>();
  for (const { prefix, keys } of folders) {
    const bytes = Buffer.from(prefix, 'latin1');
    // Every name in it is of the same kind.
    const name = keyName(Buffer.concat([bytes, Buffer.from('x')]));
    const own = bytes.subarray(0, endOfFolder(bytes, Buffer.alloc(0), 2)).toString();
    const group = name ? resourceName(name) : own || 'keys without a slash';
    groups.set(group, (groups.get(group) ?? 0) + keys);
  }
  return groups;
};

/** It stands for what would be several groups in another snapshot. */
const isTooWide = ({ prefix, whole }: Folder): boolean => {
  const [, second] = prefix.split('/').filter(Boolean);
  return whole && (second === undefined || (second.includes('.') && prefix.split('/').length < 5));
};
