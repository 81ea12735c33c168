/** One stream of one member, with all that the manifest says of it. */
import type { Readable } from 'node:stream';
import { coreBytes, coreOf } from '../catalog/core.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { encode } from '../codec/codec.ts';
import type { Digest } from '../codec/digest.ts';
import { SnapbackError } from '../errors.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { openSnapshot, type Snapshot } from '../etcd/snapshot.ts';
import { type MemberStatus, memberStatus } from '../etcd/status.ts';
import type { Context } from './context.ts';
import { type Taken, takeFingerprint } from './fingerprint.ts';
import { type ProvenBody, proveBody } from './proven-body.ts';
import type { SaveSettings } from './save-settings.ts';
import { alarmsOf, roleOf, type ServingMember } from './serving-member.ts';
import { tool } from './tool.ts';

/** A snapshot on its way: read it to its end, then ask for its manifest. */
export type Taking = {
  /** What is stored. */
  stream: Readable;
  /** The most bytes that it may have. */
  atMost: number;
  /** The manifest, which is not stored yet; the same one however often it is asked for. Rejects with `etcd`. */
  manifest(): Promise<Manifest>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Opens the stream and asks for the fingerprint. Throws `etcd` or the signal's reason, as the stream does later. */
export const takeSnapshot = async (
  id: string,
  file: string,
  started: Date,
  member: ServingMember,
  lineage: string,
  settings: SaveSettings,
  context: Context,
): Promise<Taking> => {
  const { signal, progress, notify } = context;
  const { client, status } = member;
  const { compression, recipients } = settings;
  const { idleTimeout } = settings.etcd;
  const snapshot = await openSnapshot(client, {
    signal,
    idleTimeout,
    onBytes: (done, total) => progress({ phase: 'snapshot', done, total }),
  });
  const fingerprint = takeFingerprint(member, { mode: settings.fingerprint, signal });
  // It is awaited at the end of the stream, which may fail before.
  fingerprint.catch(() => {});
  let known: Promise<Learned> | null = null;
  const learn = () => {
    known ??= (async () => ({
      after: await revisionAfter(client, status, signal),
      taken: await within(fingerprint, idleTimeout, signal),
    }))();
    return known;
  };
  const manifestOf = async (plain: Digest, object: Digest): Promise<Manifest> => {
    const { taken, after } = await learn();
    return {
      ...about(id, started, lineage, member, settings),
      etcd: { ...aboutEtcd(member), revisionAfter: after },
      fingerprint: taken.fingerprint,
      fingerprintSkipped: taken.skipped,
      plain,
      object: {
        name: file,
        ...object,
        compression,
        encryption: recipients.length > 0 ? 'age' : null,
        recipients,
      },
      attachments: [],
      labels: settings.labels,
    };
  };
  const proven = await provenBody(snapshot, member, settings, learn, context).catch(async error => {
    await snapshot[Symbol.asyncDispose]();
    throw error;
  });
  const encoded = encode(proven.body, {
    compression,
    recipients,
    signal,
    plain: snapshot.plain,
    core: async plain => coreBytes(coreOf(await manifestOf(plain, { size: 0, sha256: '' }))),
  });
  const begun = performance.now();
  encoded.stream.once('end', () =>
    notify({
      kind: 'streamed',
      size: encoded.plain().size,
      seconds: (performance.now() - begun) / 1000,
    }),
  );
  let manifest: Promise<Manifest> | null = null;
  return {
    stream: encoded.stream,
    // Compression may make a stream that does not compress a little larger; age adds a header and tags.
    atMost: snapshot.total + Math.ceil(snapshot.total / 100) + 8 * 1024 * 1024,
    manifest: () => {
      manifest ??= manifestOf(encoded.plain(), encoded.object());
      return manifest;
    },
    [Symbol.asyncDispose]: async () => {
      await snapshot[Symbol.asyncDispose]();
      await proven[Symbol.asyncDispose]();
    },
  };
};

type Learned = { taken: Taken; after: number };

/** The stream itself where no check was asked for. */
const provenBody = async (
  { body, total }: Snapshot,
  member: ServingMember,
  { check, scratch }: SaveSettings,
  learn: () => Promise<Learned>,
  context: Context,
): Promise<ProvenBody> => {
  if (check === 'off') return { body, [Symbol.asyncDispose]: async () => {} };
  const recorded = async () => {
    const { taken, after } = await learn();
    const etcd = { ...aboutEtcd(member), revisionAfter: after };
    return { etcd, fingerprint: taken.fingerprint, fingerprintSkipped: taken.skipped };
  };
  return await proveBody(body, { total, endpoint: member.client.endpoint, scratch, recorded }, context);
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
