/** Takes a snapshot of a living etcd and stores it: the manifest, written last, is what makes it one. */
import { commitManifest } from '../catalog/commit.ts';
import { coreBytes, coreOf } from '../catalog/core.ts';
import { newId } from '../catalog/id.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { objectFile } from '../catalog/names.ts';
import { encode } from '../codec/codec.ts';
import type { Digest } from '../codec/digest.ts';
import { checkRecipients } from '../codec/recipients.ts';
import { SnapbackError } from '../errors.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { openSnapshot } from '../etcd/snapshot.ts';
import { type MemberStatus, memberStatus } from '../etcd/status.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { Context, Outcome } from './context.ts';
import { type Taken, takeFingerprint } from './fingerprint.ts';
import { claimFolder } from './save-folder.ts';
import { alarmsOf, openServingMember, roleOf, type ServingMember } from './serving-member.ts';
import type { EtcdSettings, StoreSettings } from './settings.ts';
import { tool } from './tool.ts';

export type SaveSettings = {
  etcd: EtcdSettings;
  store: StoreSettings;
  acceptClusterId: string | null;
  allowNoQuorum: boolean;
  discover: boolean;
  fingerprint: 'auto' | 'on' | 'off';
  compression: 'zstd' | 'none';
  recipients: string[];
  labels: Record<string, string>;
};

export type SaveResult = { id: string; cluster: string; store: string; seconds: number; manifest: Manifest };

/**
 * Throws `usage`, `refused` (another lineage or cluster), `etcd`, `store`, or the signal's reason; then nothing of
 * this snapshot is in the store, but cluster.json may have been begun.
 */
export const save = async (settings: SaveSettings, context: Context): Promise<Outcome<SaveResult>> => {
  const { signal } = context;
  const started = new Date();
  const id = newId(started);
  await checkRecipients(settings.recipients);
  await using store = await openStore(settings.store.store, { signal });
  const member = await openServingMember(settings.etcd, settings, context);
  await using _ = member.client;
  tellMember(member, context);
  const folder = await claimFolder(store, settings, member, context);
  const name = `${settings.store.cluster}/${objectFile(id, settings.compression, settings.recipients.length > 0 ? 'age' : null)}`;
  try {
    const manifest = await takeAndStore(id, name, started, store, member, folder.lineage, settings, context);
    await folder.recordCluster();
    await commitManifest(store, manifest, { signal });
    const seconds = (Date.now() - started.getTime()) / 1000;
    return {
      result: { id, cluster: settings.store.cluster, store: store.location, seconds, manifest },
      error: null,
    };
  } catch (error) {
    // Without its manifest nobody would ever see the object. The signal is of no use here: it may be the reason.
    await store.remove(name, { signal: AbortSignal.timeout(3_000) }).catch(() => {});
    throw error;
  }
};

const takeAndStore = async (
  id: string,
  name: string,
  started: Date,
  store: Store,
  member: ServingMember,
  lineage: string,
  settings: SaveSettings,
  { signal, notify, progress, log }: Context,
): Promise<Manifest> => {
  const { client, status } = member;
  const { compression, recipients } = settings;
  const { idleTimeout } = settings.etcd;
  await using snapshot = await openSnapshot(client, {
    signal,
    idleTimeout,
    onBytes: (done, total) => progress({ phase: 'snapshot', done, total }),
  });
  const fingerprint = takeFingerprint(member, {
    mode: settings.fingerprint,
    discover: settings.discover,
    signal,
  });
  // It is awaited at the end of the stream, which may fail before.
  fingerprint.catch(() => {});
  let known: { taken: Taken; after: number } | null = null;
  const manifestOf = (plain: Digest, object: Digest): Manifest => {
    if (!known) throw new Error('the manifest was asked for before the end of the stream');
    return {
      ...about(id, started, lineage, member, settings),
      etcd: { ...aboutEtcd(member), revisionAfter: known.after },
      fingerprint: known.taken.fingerprint,
      fingerprintSkipped: known.taken.skipped,
      plain,
      object: {
        name: name.slice(name.indexOf('/') + 1),
        ...object,
        compression,
        encryption: recipients.length > 0 ? 'age' : null,
        recipients,
      },
      attachments: [],
      labels: settings.labels,
    };
  };
  const finish = async () => {
    known ??= {
      after: await revisionAfter(client, status, signal),
      taken: await within(fingerprint, idleTimeout, signal),
    };
  };
  const encoded = encode(snapshot.body, {
    compression,
    recipients,
    signal,
    core: async plain => {
      await finish();
      return coreBytes(coreOf(manifestOf(plain, { size: 0, sha256: '' })));
    },
  });
  // Compression may make a stream that does not compress a little larger; age adds a header and tags.
  const atMost = snapshot.total + Math.ceil(snapshot.total / 100) + 8 * 1024 * 1024;
  await store.put(name, encoded.stream, { signal, atMost });
  await finish();
  const manifest = manifestOf(encoded.plain(), encoded.object());
  notify({
    kind: 'stored',
    location: store.location,
    name,
    size: manifest.object.size,
    plainSize: manifest.plain.size,
    recipients: recipients.length,
  });
  if (manifest.fingerprint) {
    const { memberId, hashKV, revision, seconds } = manifest.fingerprint;
    const by = member.members.find(one => one.id === memberId)?.name ?? null;
    notify({ kind: 'bound', hashKV, revision, by, seconds });
  } else if (settings.fingerprint !== 'off') {
    log.warn(`no fingerprint: ${manifest.fingerprintSkipped}. A drill will compare less.`);
  }
  return manifest;
};

const about = (
  id: string,
  started: Date,
  lineage: string,
  { client, status, members, linearizedRevision }: ServingMember,
  settings: SaveSettings,
) => ({
  format: 1 as const,
  kind: 'snapshot' as const,
  id,
  lineage,
  tool,
  origin: null,
  cluster: { name: settings.store.cluster, id: status.clusterId, members },
  taken: {
    started: started.toISOString(),
    finished: new Date().toISOString(),
    endpoint: client.endpoint,
    memberId: status.memberId,
    role: roleOf(status),
    linearizedRevision,
  },
});

const aboutEtcd = ({ status, authEnabled }: ServingMember): Omit<Manifest['etcd'], 'revisionAfter'> => ({
  version: status.version,
  storageVersion: status.storageVersion,
  revisionBefore: status.revision,
  raftTerm: status.raftTerm,
  dbSize: status.dbSize,
  dbSizeInUse: status.dbSizeInUse,
  quota: status.quota,
  alarms: alarmsOf(status),
  authEnabled,
});

/** Throws `etcd` when another member answers at the endpoint now: then nobody knows which one the stream came from. */
const revisionAfter = async (
  client: EtcdClient,
  before: MemberStatus,
  signal: AbortSignal,
): Promise<number> => {
  const after = await memberStatus(client, { signal });
  if (after.memberId === before.memberId && after.clusterId === before.clusterId) return after.revision;
  throw new SnapbackError('etcd', {
    operation: 'ask for the status',
    object: `etcd ${client.endpoint}`,
    reason: 'is another member than before the snapshot',
    hint: 'Name a member of its own, not a load balancer: --endpoints https://10.0.0.1:2379',
  });
};

/** The stream has ended; the fingerprint has the idle timeout to come, and without it the snapshot is committed all the same. */
const within = async (
  fingerprint: Promise<Taken>,
  milliseconds: number,
  signal: AbortSignal,
): Promise<Taken> => {
  const late = Symbol('late');
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<typeof late>(done => {
    timer = setTimeout(done, milliseconds, late);
  });
  const taken = await Promise.race([fingerprint, over]).finally(() => clearTimeout(timer));
  signal.throwIfAborted();
  return taken === late
    ? { fingerprint: null, skipped: `etcd did not give it within ${milliseconds / 1000} s of the last byte` }
    : taken;
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
