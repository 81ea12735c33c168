/** Takes a snapshot of a living etcd and stores it: the manifest, written last, is what makes it one. */
import { newId } from '../catalog/id.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { objectFile } from '../catalog/names.ts';
import { type SignKey, signKeyOf } from '../catalog/sign-key.ts';
import { checkRecipients, recipientsIn } from '../codec/recipients.ts';
import { type ErrorFields, errorFields, isSnapbackError, SnapbackError } from '../errors.ts';
import { type Candidate, isTroubled } from '../etcd/candidate.ts';
import { shellQuoted } from '../shell-quoted.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Context, Outcome } from './context.ts';
import { checkDistinct, openOther } from './other-store.ts';
import { claimFolders } from './save-folder.ts';
import type { SaveSettings } from './save-settings.ts';
import { type Choice, findMembers, openServingMember, roleOf, type ServingMember } from './serving-member.ts';
import { type Stored, storeEverywhere } from './store-everywhere.ts';
import { takeSnapshot } from './take-snapshot.ts';
import { worst } from './worst.ts';

export type SaveResult = {
  id: string;
  cluster: string;
  /** The first store that has it. */
  store: string;
  /** All stores in the order given; `error` is null where the snapshot is whole and listed. */
  stores: { location: string; stored: boolean; error: ErrorFields | null }[];
  seconds: number;
  manifest: Manifest;
  /** The file of the key that signed the manifest; null where none did. */
  signedBy: string | null;
};

/**
 * Throws `usage`, `refused` (another lineage or cluster), `etcd`, `store`, or the signal's reason; then nothing of
 * this snapshot is in a store, but cluster.json may have been begun. When a member fails, the next one is tried
 * from the start.
 *
 * Of several stores each goes its own way: one that fails does not stop the others, and what is whole in one of them
 * stays listed there, since it is a good snapshot and a store has just been lost. `require` decides what that means:
 * with `all` it makes the outcome's error, so that the run fails and says who has it; with `any` it is a warning.
 */
export const save = async (given: SaveSettings, context: Context): Promise<Outcome<SaveResult>> => {
  const { signal, log } = context;
  const started = new Date();
  const settings = { ...given, recipients: allRecipients(given) };
  await checkRecipients(settings.recipients);
  const signKey = signKeyOf(settings.signKey);
  const { store: first } = settings.store;
  checkDistinct('--also', [first, ...settings.also]);
  await using opened = new AsyncDisposableStack();
  const stores = [opened.use(await openStore(settings.store, context))];
  for (const other of settings.also) stores.push(opened.use(await openOther(other, settings.store, context)));
  const choice = await findMembers(settings.etcd, settings, context);
  const last = choice.order.at(-1);
  for (const candidate of choice.order) {
    try {
      const { manifest, stored } = await saveFrom(
        candidate,
        choice,
        started,
        { stores, signKey },
        settings,
        context,
      );
      return outcome(manifest, stored, started, settings, context);
    } catch (error) {
      signal.throwIfAborted();
      if (candidate === last || !isSnapbackError(error) || error.code !== 'etcd') throw error;
      log.warn(`${error.object} ${error.reason}; trying the next member`);
    }
  }
  throw new Error('no member was tried');
};

const allRecipients = ({ recipients, recipientsFile }: SaveSettings): string[] => [
  ...new Set([...recipients, ...(recipientsFile ? recipientsIn(recipientsFile) : [])]),
];

const saveFrom = async (
  candidate: Candidate,
  choice: Choice,
  started: Date,
  { stores, signKey }: { stores: Store[]; signKey: SignKey | null },
  settings: SaveSettings,
  context: Context,
): Promise<{ manifest: Manifest; stored: Stored[] }> => {
  const { cluster } = settings.store;
  const member = await openServingMember(settings.etcd, candidate, choice, settings, context);
  await using _ = member.client;
  tellMember(member, context);
  const { lineage, newest, folders, lost } = await claimFolders(stores, settings, member, context);
  const encryption = settings.recipients.length > 0 ? 'age' : null;
  const id = newId(started, newest);
  const file = objectFile(id, settings.compression, encryption);
  await using taking = await takeSnapshot(id, file, started, member, lineage, settings, context);
  const { idleTimeout } = settings.etcd;
  const done = await storeEverywhere(
    taking,
    `${cluster}/${file}`,
    folders,
    { patience: idleTimeout, signKey },
    context,
  );
  const stored = stores.flatMap(store => [...done, ...lost].find(one => one.store === store) ?? []);
  const errors = stored.flatMap(({ error }) => error ?? []);
  if (errors.length === stored.length) {
    // A failure of the stream is every store's, and the one that another member may mend.
    const thrown = errors.find(({ code }) => code === 'etcd') ?? worst(errors);
    for (const error of errors) if (error !== thrown) context.log.warn(why(error));
    throw thrown;
  }
  const manifest = await taking.manifest();
  tellBound(manifest, member, settings, context);
  return { manifest, stored };
};

const outcome = (
  manifest: Manifest,
  stored: Stored[],
  started: Date,
  settings: SaveSettings,
  { signal, log }: Context,
): Outcome<SaveResult> => {
  const { id } = manifest;
  const there = stored.filter(({ error }) => error === null).map(({ store }) => store.location);
  const failed = stored.flatMap(({ store, error }) => (error ? [{ store, error }] : []));
  if (settings.require === 'any' && !signal.aborted)
    for (const { store, error } of failed) log.warn(`${id} is not in ${store.location}: ${why(error)}`);
  const result = {
    id,
    cluster: settings.store.cluster,
    store: there[0] ?? '',
    stores: stored.map(({ store, error }) => ({
      location: store.location,
      stored: error === null,
      error: error && errorFields(error),
    })),
    seconds: (Date.now() - started.getTime()) / 1000,
    manifest,
    signedBy: settings.signKey?.path ?? null,
  };
  const gravest = worst(failed.map(({ error }) => error));
  const counts = settings.require === 'all' || signal.aborted;
  return { result, error: gravest && counts ? notEverywhere(manifest, there, failed, gravest) : null };
};

const notEverywhere = (
  { id, cluster }: Manifest,
  there: string[],
  failed: { store: Store; error: SnapbackError }[],
  gravest: SnapbackError,
): SnapbackError =>
  new SnapbackError(gravest.code, {
    operation: 'save into every store',
    object: `snapshot ${id}`,
    reason: `is not in ${failed.map(({ store, error }) => `${store.location} (${why(error)})`).join(', ')}; it is whole in ${there.join(', ')} and stays listed there`,
    hint: `\`snapback copy ${id} --store ${shellQuoted(there[0] ?? '')} --to ${shellQuoted(failed[0]?.store.location ?? '')} --cluster ${cluster.name}\` brings it there once that works; --require any would take this for a success.`,
    cause: gravest,
    ...(gravest.signal ? { signal: gravest.signal } : {}),
  });

const why = ({ object, reason }: SnapbackError): string => `${object} ${reason}`;

const tellMember = (
  { client, status, members, candidates, linearizedRevision }: ServingMember,
  { notify }: Context,
): void =>
  notify({
    kind: 'member',
    endpoint: client.endpoint,
    name: members.find(member => member.id === status.memberId)?.name || null,
    role: roleOf(status),
    version: status.version,
    members: members.length,
    reached: candidates.length,
    healthy: candidates.filter(one => !isTroubled(one)).length,
    revision: status.revision,
    fresh: linearizedRevision !== null,
  });

const tellBound = (
  { fingerprint, fingerprintSkipped }: Manifest,
  { members }: ServingMember,
  settings: SaveSettings,
  { notify, log }: Context,
): void => {
  if (fingerprint) {
    const { memberId, hashKV, revision, seconds } = fingerprint;
    const by = members.find(({ id }) => id === memberId)?.name ?? null;
    notify({ kind: 'bound', hashKV, revision, by, seconds });
  } else if (settings.fingerprint !== 'off') {
    log.warn(`no fingerprint: ${fingerprintSkipped}. A drill will compare less.`);
  }
};
