/** Takes a snapshot of a living etcd and stores it: the manifest, written last, is what makes it one. */
import { commitManifest } from '../catalog/commit.ts';
import { newId } from '../catalog/id.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { objectFile } from '../catalog/names.ts';
import { checkRecipients, recipientsIn } from '../codec/recipients.ts';
import { isSnapbackError } from '../errors.ts';
import type { Candidate } from '../etcd/candidate.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Context, Outcome } from './context.ts';
import { claimFolder } from './save-folder.ts';
import type { SaveSettings } from './save-settings.ts';
import { type Choice, findMembers, openServingMember, roleOf, type ServingMember } from './serving-member.ts';
import { takeAndStore } from './take-snapshot.ts';

export type SaveResult = { id: string; cluster: string; store: string; seconds: number; manifest: Manifest };

/**
 * Throws `usage`, `refused` (another lineage or cluster), `etcd`, `store`, or the signal's reason; then nothing of
 * this snapshot is in the store, but cluster.json may have been begun. When a member fails, the next one is tried
 * from the start.
 */
export const save = async (given: SaveSettings, context: Context): Promise<Outcome<SaveResult>> => {
  const { signal, log } = context;
  const started = new Date();
  const settings = { ...given, recipients: allRecipients(given) };
  await checkRecipients(settings.recipients);
  await using store = await openStore(settings.store.store, { signal });
  const choice = await findMembers(settings.etcd, settings, context);
  const last = choice.order.at(-1);
  for (const candidate of choice.order) {
    try {
      const manifest = await saveFrom(candidate, choice, started, store, settings, context);
      const seconds = (Date.now() - started.getTime()) / 1000;
      const result = {
        id: manifest.id,
        cluster: settings.store.cluster,
        store: store.location,
        seconds,
        manifest,
      };
      return { result, error: null };
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
  store: Store,
  settings: SaveSettings,
  context: Context,
): Promise<Manifest> => {
  const { signal } = context;
  const { cluster } = settings.store;
  const member = await openServingMember(settings.etcd, candidate, choice, settings, context);
  await using _ = member.client;
  tellMember(member, context);
  const folder = await claimFolder(store, settings, member, context);
  const encryption = settings.recipients.length > 0 ? 'age' : null;
  const id = newId(started, folder.newest);
  const name = `${cluster}/${objectFile(id, settings.compression, encryption)}`;
  try {
    const manifest = await takeAndStore(id, name, started, store, member, folder.lineage, settings, context);
    await folder.recordCluster();
    await commitManifest(store, manifest, { signal });
    return manifest;
  } catch (error) {
    // Without its manifest nobody would ever see the object. The signal is of no use here: it may be the reason.
    await store.remove(name, { signal: AbortSignal.timeout(3_000) }).catch(() => {});
    throw error;
  }
};

const tellMember = (
  { client, status, members, linearizedRevision }: ServingMember,
  { notify }: Context,
): void =>
  notify({
    kind: 'member',
    endpoint: client.endpoint,
    name: members.find(member => member.id === status.memberId)?.name || null,
    role: roleOf(status),
    version: status.version,
    members: members.length,
    revision: status.revision,
    fresh: linearizedRevision !== null,
  });
