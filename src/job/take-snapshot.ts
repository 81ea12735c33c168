/** One stream of one member into one object, with all that the manifest says of it. */
import { coreBytes, coreOf } from '../catalog/core.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { encode } from '../codec/codec.ts';
import type { Digest } from '../codec/digest.ts';
import { SnapbackError } from '../errors.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { openSnapshot } from '../etcd/snapshot.ts';
import { type MemberStatus, memberStatus } from '../etcd/status.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { type Taken, takeFingerprint } from './fingerprint.ts';
import type { SaveSettings } from './save-settings.ts';
import { alarmsOf, roleOf, type ServingMember } from './serving-member.ts';
import { tool } from './tool.ts';

/** Writes the object `name` and gives its manifest, which is not stored yet. Throws `etcd`, `store`, or the signal's reason. */
export const takeAndStore = async (
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
  const fingerprint = takeFingerprint(member, { mode: settings.fingerprint, signal });
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
    plain: snapshot.plain,
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
