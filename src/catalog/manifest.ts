/** The manifest of a snapshot: what it is, where it came from, and how to know that its bytes are the ones. */
import * as v from 'valibot';
import { SnapbackError } from '../errors.ts';
import { checkFields, damaged, documentBytes, parseDocument } from './document.ts';
import * as f from './fields.ts';
import { type Compression, manifestFile, objectFile } from './names.ts';

/** Sizes in bytes, times RFC 3339 UTC, hashes `sha256:<hex>`, etcd's ids decimal; null is what is not known. */
export type Manifest = {
  format: 1;
  kind: 'snapshot';
  id: string;
  /** 32 hex digits: the identity of the cluster's history, see lineage.ts. */
  lineage: string;
  tool: string;
  /** Where it was taken from, when not from a living etcd by this program. */
  origin: null | { lineage: string; id: string; manifest: string } | { file: string; madeBy: string | null };
  cluster: { name: string; id: string | null; members: f.Member[] | null };
  taken: {
    started: string;
    finished: string;
    endpoint: string | null;
    memberId: string | null;
    role: 'leader' | 'follower' | 'learner' | null;
    /** The linearizable read that made it fresh; null without quorum. */
    linearizedRevision: number | null;
  };
  etcd: {
    version: string | null;
    storageVersion: string | null;
    /** The revision is at least the first and at most the second: the stream does not tell its own. */
    revisionBefore: number | null;
    revisionAfter: number | null;
    raftTerm: number | null;
    dbSize: number | null;
    dbSizeInUse: number | null;
    quota: number | null;
    alarms: { memberId: string; type: string }[] | null;
    authEnabled: boolean | null;
  };
  fingerprint: null | {
    revision: number;
    /** -1 when nothing was ever compacted, as etcd says it. */
    compactRevision: number;
    hashKV: number;
    keys: number;
    memberId: string;
    seconds: number;
  };
  /** Why there is no fingerprint; null when there is one. */
  fingerprintSkipped: string | null;
  /** etcd's bytes with their trailer, as they were before compression. */
  plain: { size: number; sha256: string };
  object: {
    name: string;
    size: number;
    sha256: string;
    compression: Compression;
    encryption: 'age' | null;
    recipients: string[];
  };
  attachments: { name: string; size: number; sha256: string; paths: string[] }[];
  labels: Record<string, string>;
};

const digest = { size: f.count, sha256: f.sha256 };
const objectCore = {
  compression: v.picklist(['zstd', 'none'], 'neither zstd nor none'),
  encryption: v.nullable(v.literal('age', 'neither age nor null')),
  recipients: v.array(f.text),
};
const takenCore = {
  endpoint: v.nullable(f.text),
  memberId: v.nullable(f.etcdId),
  role: v.nullable(v.picklist(['leader', 'follower', 'learner'], 'no role of a member')),
  linearizedRevision: v.nullable(f.count),
};

/** The schema's fields, apart, for core.ts has all but three of them. */
export const manifestFields = {
  format: f.format,
  kind: v.literal('snapshot', 'not snapshot'),
  id: f.snapshotId,
  lineage: f.lineageId,
  tool: f.text,
  origin: v.nullable(
    v.union(
      [
        v.looseObject({ lineage: f.lineageId, id: f.snapshotId, manifest: f.sha256 }),
        v.looseObject({ file: f.text, madeBy: v.nullable(f.text) }),
      ],
      'neither a snapshot, a file nor null',
    ),
  ),
  cluster: v.looseObject({
    name: f.text,
    id: v.nullable(f.etcdId),
    members: v.nullable(v.array(f.member)),
  }),
  taken: v.looseObject({ started: f.time, finished: f.time, ...takenCore }),
  etcd: v.looseObject({
    version: v.nullable(f.text),
    storageVersion: v.nullable(f.text),
    revisionBefore: v.nullable(f.count),
    revisionAfter: v.nullable(f.count),
    raftTerm: v.nullable(f.count),
    dbSize: v.nullable(f.count),
    dbSizeInUse: v.nullable(f.count),
    quota: v.nullable(f.count),
    alarms: v.nullable(v.array(v.looseObject({ memberId: f.etcdId, type: f.text }))),
    authEnabled: v.nullable(f.flag),
  }),
  fingerprint: v.nullable(
    v.looseObject({
      revision: f.count,
      compactRevision: f.compactRevision,
      hashKV: f.uint32,
      keys: f.count,
      memberId: f.etcdId,
      seconds: f.seconds,
    }),
  ),
  fingerprintSkipped: v.nullable(f.text),
  plain: v.looseObject(digest),
  object: v.looseObject({ name: f.fileName, ...digest, ...objectCore }),
  attachments: v.array(v.looseObject({ name: f.fileName, ...digest, paths: v.array(f.text) })),
  labels: v.record(v.string(), f.text),
};

/** The fields that the core has instead: those that are known before the object's last byte. */
export const coreFields = {
  ...manifestFields,
  taken: v.looseObject({ started: f.time, ...takenCore }),
  object: v.looseObject({ name: f.fileName, ...objectCore }),
};

const schema: v.GenericSchema<unknown, Manifest> = v.looseObject(manifestFields);

/**
 * Reads a manifest that lies as `<cluster>/<id>.json` in a folder of `lineage` (null where the folder's lineage
 * is lost and the caller has warned). Its identity is compared before anything in it is believed: `refused` for
 * one of another lineage or cluster and for a newer format, `integrity` for everything that is damaged.
 */
export const parseManifest = (
  bytes: Uint8Array,
  expected: { cluster: string; id: string; lineage: string | null },
): Manifest => {
  const object = `manifest ${expected.cluster}/${manifestFile(expected.id)}`;
  const found = parseDocument(bytes, 'snapshot', object);
  checkIdentity(found, expected, object);
  const manifest = checkFields(schema, found, object);
  checkNames(manifest, object);
  return manifest;
};

/** The bytes of a manifest as they are stored, hashed and signed; `integrity` when it breaks its own rules. */
export const manifestBytes = (manifest: Manifest): Uint8Array => {
  const object = `manifest of ${manifest.id}`;
  checkNames(manifest, object);
  return documentBytes(schema, manifest, object);
};

const identity = v.looseObject({
  id: f.snapshotId,
  lineage: f.lineageId,
  cluster: v.looseObject({ name: f.text }),
});

const checkIdentity = (
  found: unknown,
  expected: { cluster: string; id: string; lineage: string | null },
  object: string,
): void => {
  const { id, lineage, cluster } = checkFields(identity, found, object);
  if (expected.lineage !== null && lineage !== expected.lineage)
    throw foreign(
      object,
      `belongs to the lineage ${lineage}, not to ${expected.lineage}`,
      `If it is the one that is meant, name it: --lineage ${lineage}`,
    );
  if (cluster.name !== expected.cluster)
    throw foreign(
      object,
      `says that it is of the cluster ${JSON.stringify(cluster.name.slice(0, 63))}`,
      'A folder must keep the name of its cluster: move it back, or copy with snapback.',
    );
  if (id !== expected.id) throw damaged(object, `says that it is ${id}`);
};

const foreign = (object: string, reason: string, hint: string): SnapbackError =>
  new SnapbackError('refused', { operation: 'read the manifest', object, reason, hint });

/** What no schema of single fields says: names that follow from the id, and one of fingerprint and its reason. */
export const checkNames = (
  manifest: Pick<Manifest, 'id' | 'attachments' | 'fingerprint' | 'fingerprintSkipped'> & {
    object: Pick<Manifest['object'], 'name' | 'compression' | 'encryption'>;
  },
  object: string,
): void => {
  const { name, compression, encryption } = manifest.object;
  const wanted = objectFile(manifest.id, compression, encryption);
  if (name !== wanted) throw damaged(object, `names the object ${JSON.stringify(name)} instead of ${wanted}`);
  const stray = manifest.attachments.find(one => !one.name.startsWith(`${manifest.id}.files.`));
  if (stray)
    throw damaged(object, `names the attachment ${JSON.stringify(stray.name)}, which is not its own`);
  if ((manifest.fingerprint === null) === (manifest.fingerprintSkipped === null))
    throw damaged(object, 'must have a fingerprint or say why not, and not both');
};
