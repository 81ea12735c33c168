/** What is in a snapshot, without a value of it. */
import { tmpdir } from 'node:os';
import { ask } from '../bolt/ask.ts';
import type { Inspection } from '../bolt/inspect.ts';
import type { Sums } from '../bolt/sums.ts';
import type { Context, Outcome } from './context.ts';
import { byResource, type KubernetesRows } from './inspect-kubernetes.ts';
import { byPrefix, type PrefixRows } from './inspect-prefixes.ts';
import { type KeyFields, keyFields } from './key-fields.ts';
import { type ContentSettings, openContent } from './open-content.ts';

export type InspectSettings = ContentSettings & {
  /** Only keys that begin with it are looked at in detail; null for all. */
  prefix: string | null;
  /** Levels of the rows by prefix; null for two, and for rows by resource where the keys are of Kubernetes. */
  depth: number | null;
  top: number;
};

export type InspectResult = {
  /** An id, or the path of a file. */
  snapshot: string;
  cluster: string | null;
  taken: string | null;
  warnings: string[];
  etcd: {
    /** As recorded; null for a file of another tool. */
    version: string | null;
    storageVersion: string | null;
    clusterVersion: string | null;
    downgradeTo: string | null;
  };
  revision: number;
  /** Null where it never was compacted. */
  compactRevision: number | null;
  /** The same, where the compaction had been asked for and not ended; else null. */
  compactingTo: number | null;
  raft: {
    consistentIndex: number | null;
    term: number | null;
    voters: string[] | null;
    learners: string[] | null;
  };
  members: Inspection['members'];
  removedMembers: { total: number; rows: string[] };
  leases: Inspection['leases'] & { leasedKeys: number };
  alarms: Inspection['alarms'];
  auth: {
    enabled: boolean;
    users: Inspection['auth']['users'];
    roles: { total: number; rows: Role[] };
  };
  totals: Sums;
  file: {
    /** Of the database, without a trailer. */
    size: number;
    pageSize: number;
    freeSize: number;
    /** What a defragmentation would leave, about. */
    sizeDefragmented: number;
  };
  prefix: KeyFields | null;
  /** Of the keys with that prefix, as all below. */
  selected: Sums;
  view: 'prefixes' | 'kubernetes';
  prefixes: PrefixRows;
  kubernetes: KubernetesRows | null;
  largest: (KeyFields & { bytes: number; revision: number })[];
  mostRevised: {
    rows: (KeyFields & { records: number; bytes: number; live: boolean })[];
    /** No other key has more records. */
    others: number;
  };
  top: number;
};

type Permission = KeyFields & {
  access: 'read' | 'write' | 'readwrite';
  /** The end of the range, which is not in it; null for the key alone. */
  rangeEnd: KeyFields | null;
};
type Role = { name: string; permissions: { total: number; rows: Permission[] } };

/** Throws what `openContent` throws, and `integrity` for whatever etcd does not write. */
export const inspect = async (
  settings: InspectSettings,
  context: Context,
): Promise<Outcome<InspectResult>> => {
  await using content = await openContent(settings, context);
  const { path, name, manifest, warnings } = content;
  const prefix = Buffer.from(settings.prefix ?? '');
  const depth = settings.depth ?? 2;
  const inside = await ask(
    'inspect',
    {
      path,
      scratch: settings.scratch ?? tmpdir(),
      prefix,
      // The folders of Kubernetes are four levels deep at most: /registry/GROUP/RESOURCE/NAMESPACE/.
      depth: Math.max(depth, 4),
      top: settings.top,
    },
    {
      name,
      signal: context.signal,
      onPart: part => context.progress({ phase: 'database', ...part }),
    },
  );
  const { meta, cluster, layout, keys } = inside;
  const kubernetes = byResource(keys.folders);

  const { finishedCompactRevision: done, scheduledCompactRevision: asked } = meta;
  const result: InspectResult = {
    snapshot: name,
    cluster: manifest?.cluster.name ?? null,
    taken: manifest?.taken.started ?? null,
    warnings,
    etcd: {
      version: manifest?.etcd.version ?? null,
      storageVersion: meta.storageVersion,
      clusterVersion: cluster.version,
      downgradeTo: cluster.downgradeTo,
    },
    revision: inside.revision,
    compactRevision: done,
    compactingTo: asked !== null && asked > (done ?? 0) ? asked : null,
    raft: {
      consistentIndex: meta.consistentIndex,
      term: meta.term,
      voters: cluster.confState?.voters ?? null,
      learners: cluster.confState?.learners ?? null,
    },
    members: inside.members,
    removedMembers: { ...inside.removedMembers, rows: inside.removedMembers.rows.map(({ id }) => id) },
    leases: { ...inside.leases, leasedKeys: keys.leasedKeys },
    alarms: inside.alarms,
    auth: { ...inside.auth, roles: rolesOf(inside.auth) },
    totals: keys.totals,
    file: {
      size: layout.pages * layout.pageSize,
      pageSize: layout.pageSize,
      freeSize: layout.freePages * layout.pageSize,
      sizeDefragmented: layout.pagesAnew * layout.pageSize,
    },
    prefix: settings.prefix === null ? null : keyFields(prefix),
    selected: keys.selected,
    view: settings.depth === null && kubernetes !== null ? 'kubernetes' : 'prefixes',
    prefixes: byPrefix(keys.folders, prefix, depth),
    kubernetes,
    largest: keys.largest.map(({ key, bytes, revision }) => ({ ...keyFields(key), bytes, revision })),
    mostRevised: {
      ...keys.mostRevised,
      rows: keys.mostRevised.rows.map(({ key, records, bytes, live }) => ({
        ...keyFields(key),
        records,
        bytes,
        live,
      })),
    },
    top: settings.top,
  };
  return { result, error: null };
};

const rolesOf = ({ roles }: Inspection['auth']): InspectResult['auth']['roles'] => ({
  total: roles.total,
  rows: roles.rows.map(({ name, permissions }) => ({
    name,
    permissions: {
      total: permissions.total,
      rows: permissions.rows.map(({ access, key, rangeEnd }) => ({
        access,
        ...keyFields(key),
        rangeEnd: rangeEnd && keyFields(rangeEnd),
      })),
    },
  })),
});
