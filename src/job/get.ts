/** Keys of a snapshot with their values, as they were at one revision. */
import { ask } from '../bolt/ask.ts';
import type { History } from '../bolt/history.ts';
import type { LiveKeysAnswer, LiveKeysQuestion } from '../bolt/live-keys.ts';
import { type LiveKey, type LivePart, liveKeysIn } from '../bolt/live-row.ts';
import type { OneKeyAnswer } from '../bolt/one-key.ts';
import { SnapbackError } from '../errors.ts';
import { count } from '../figures.ts';
import { keysFor } from '../kubernetes/key-name.ts';
import { nearest } from '../nearest.ts';
import type { Context, Outcome } from './context.ts';
import { entryOf, type GetEntry } from './get-entry.ts';
import { type Content, type ContentSettings, openContent } from './open-content.ts';
import { partsOf } from './parts.ts';
import { openScratch } from './scratch.ts';

export type GetSettings = ContentSettings & {
  selection: Selection;
  /** Null for the newest. */
  revision: number | null;
  keysOnly: boolean;
  /** Whether values of Secrets are given where they were not asked for by key. */
  showSecrets: boolean;
  /** How many keys at most; null for all. */
  limit: number | null;
};

export type Selection =
  | { key: string }
  /** All that begin with it; an empty one is all there is. */
  | { prefix: string }
  /** As kubectl names resources: one object, or all of a namespace or of the cluster. */
  | { resource: string; namespace: string | null; name: string | null };

export type GetResult = {
  snapshot: string;
  /** The keys are as they were at this revision, out of those that it still has. */
  revision: number;
  oldestRevision: number;
  newestRevision: number;
  /** How many were given. */
  keys: number;
  /** There are more, and no more were wanted. */
  limited: boolean;
};

/** Takes an entry and its value, unless that is hidden or was not asked for; false where no more are wanted. */
export type OnEntry = (entry: GetEntry, value: Uint8Array | null) => Promise<boolean>;

/**
 * Gives the entries to `onEntry`, one after the other in the order of their keys. Throws `not-found` where there is none, or
 * for a revision that the snapshot does not have, what `openContent` throws, and what `onEntry` throws.
 */
export const get = async (
  settings: GetSettings,
  onEntry: OnEntry,
  context: Context,
): Promise<Outcome<GetResult>> => {
  await using content = await openContent(settings, context);
  const { exact, texts } = wantedOf(settings.selection);
  const bytes = texts.map(text => Buffer.from(text));
  const result = exact
    ? await getOne(content, bytes, settings, onEntry, context)
    : await getAll(content, bytes, settings, onEntry, context);
  const { keys, revision, snapshot } = result;
  context.log.info(
    `${result.limited ? 'the first ' : ''}${count(keys)} ${keys === 1 ? 'key' : 'keys'} of ${snapshot} as of revision ${count(revision)}`,
  );
  return { result, error: null };
};

/** Names of the same key, or beginnings of keys. */
const wantedOf = (selection: Selection): { exact: boolean; texts: string[] } => {
  if ('key' in selection) return { exact: true, texts: [selection.key] };
  if ('prefix' in selection) return { exact: false, texts: [selection.prefix] };
  return { exact: selection.name !== null, texts: keysFor(selection.resource, selection) };
};

const getOne = async (
  { path, name }: Content,
  keys: Buffer[],
  { revision, keysOnly }: GetSettings,
  onEntry: OnEntry,
  { signal }: Context,
): Promise<GetResult> => {
  const answer = await ask('oneKey', { path, keys, revision }, { name, signal });
  const { found, oldest, newest } = answer;
  if (found === null) throw notFound(name, `${keys[0]}`, revision, answer);
  const value = keysOnly ? null : view(found.value);
  const entry = entryOf({ ...found, key: view(found.key), value }, { showSecrets: true });
  await onEntry(entry, value);
  return {
    snapshot: name,
    revision: revision ?? newest,
    oldestRevision: oldest,
    newestRevision: newest,
    keys: 1,
    limited: false,
  };
};

const getAll = async (
  { path, name }: Content,
  prefixes: Buffer[],
  { scratch, revision, keysOnly, showSecrets, limit }: GetSettings,
  onEntry: OnEntry,
  { signal }: Context,
): Promise<GetResult> => {
  await using folder = await openScratch(scratch, 0);
  const question = {
    path,
    scratch: folder.path,
    revision,
    prefixes,
    hashes: false,
    values: !keysOnly,
  };
  let [keys, limited] = [0, false];
  const each = async (one: LiveKey): Promise<boolean> => {
    limited = keys === limit;
    if (limited) return false;
    keys += 1;
    const entry = entryOf(one, { showSecrets });
    return await onEntry(entry, entry.hidden ? null : one.value);
  };
  const history = await eachKey(question, name, each, signal);
  if (keys === 0 && !limited) throw noneWith(name, `${prefixes[0]}`, revision);
  const { oldest, newest } = history;
  return {
    snapshot: name,
    revision: revision ?? newest,
    oldestRevision: oldest,
    newestRevision: newest,
    keys,
    limited,
  };
};

const eachKey = async (
  question: LiveKeysQuestion,
  name: string,
  each: (key: LiveKey) => Promise<boolean>,
  signal: AbortSignal,
): Promise<History> => {
  const parts = partsOf<LivePart, LiveKeysAnswer>(
    (onPart, ended) => ask('liveKeys', question, { name, signal: ended, onPart }),
    signal,
  );
  for (;;) {
    const next = await parts.next();
    if (next.done) return next.value;
    for (const key of liveKeysIn(next.value))
      if (!(await each(key))) {
        await parts.return({ ...next.value, keys: 0 });
        return next.value;
      }
  }
};

const notFound = (
  snapshot: string,
  key: string,
  revision: number | null,
  answer: OneKeyAnswer,
): SnapbackError => {
  const at = revision === null ? '' : ` at revision ${revision}`;
  return new SnapbackError('not-found', {
    operation: 'get',
    object: `key ${key}`,
    reason: `is not in ${snapshot}${at}`,
    hint: hintFor(key, answer),
  });
};

const hintFor = (key: string, { deleted, createdLater, near, oldest }: OneKeyAnswer): string => {
  if (deleted?.lastChange && deleted.at > oldest)
    return `It was deleted at revision ${deleted.at}: --revision ${deleted.at - 1} gives it as it was before.`;
  if (deleted)
    return `It was deleted at revision ${deleted.at}, and what it was has been compacted away: look in an older snapshot.`;
  if (createdLater !== null) return `It was made later, at revision ${createdLater}.`;
  const texts = near.map(bytes => view(bytes).toString());
  const best = nearest(key, texts);
  if (best !== null) return `Did you mean ${best}?`;
  if (texts.length > 0) return `Near it are ${texts.slice(0, 3).join(', ')}${texts.length > 3 ? ', …' : '.'}`;
  return '`snapback get SNAPSHOT --keys-only` lists all keys, with --prefix P those that begin with P.';
};

const noneWith = (snapshot: string, prefix: string, revision: number | null): SnapbackError =>
  new SnapbackError('not-found', {
    operation: 'get',
    object: snapshot,
    reason: `has no key${prefix === '' ? '' : ` that begins with ${prefix}`}${revision === null ? '' : ` at revision ${revision}`}`,
    hint: '`snapback inspect` shows which there are.',
  });

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
