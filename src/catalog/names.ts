/**
 * The grammar of the names in a cluster's folder. A name that it does not know is `other`: a later version's or
 * a stranger's, to be named to people and never to be removed.
 */
import { SnapbackError } from '../errors.ts';
import { isId, timeOfStamp } from './id.ts';

export type Level = 'object' | 'content' | 'drill';
export type Compression = 'zstd' | 'none';

/** What the name of a verdict says: all that a listing needs. */
export type VerdictName = {
  /** The file's name, without the cluster. */
  name: string;
  /** When the check started. */
  time: Date;
  level: Level;
  pass: boolean;
};

export type Named =
  | { kind: 'lineage' }
  | { kind: 'etcd-cluster'; since: Date; clusterId: string }
  | { kind: 'object'; id: string; compression: Compression; encryption: 'age' | null }
  | { kind: 'manifest' | 'signature' | 'attachments' | 'pin' | 'removed'; id: string }
  | { kind: 'verdict'; id: string; verdict: VerdictName }
  /** `of` is the name of the verdict that is signed. */
  | { kind: 'verdict-signature'; id: string; of: string }
  /** `id` where the name begins with one. */
  | { kind: 'other'; id: string | null };

/** Reads a file's name, without the cluster. Never throws. */
export const parseName = (file: string): Named => {
  if (file === lineageFile) return { kind: 'lineage' };
  const id = file.slice(0, 23);
  if (isId(id)) return ofSnapshot(id, file.slice(23)) ?? { kind: 'other', id: file[23] === '.' ? id : null };
  return etcdCluster(file) ?? { kind: 'other', id: null };
};

const ofSnapshot = (id: string, suffix: string): Named | null => {
  const plain = plainSuffixes[suffix];
  if (plain) return { kind: plain, id };
  const object = /^\.db(\.zst)?(\.age)?$/.exec(suffix);
  if (object)
    return {
      kind: 'object',
      id,
      compression: object[1] ? 'zstd' : 'none',
      encryption: object[2] ? 'age' : null,
    };
  return ofVerdict(id, suffix);
};

const plainSuffixes: Partial<Record<string, 'manifest' | 'signature' | 'attachments' | 'pin' | 'removed'>> =
  Object.assign(Object.create(null), {
    '.json': 'manifest',
    '.json.sig': 'signature',
    '.files.tar.zst.age': 'attachments',
    '.pin': 'pin',
    '.removed': 'removed',
  });

const ofVerdict = (id: string, suffix: string): Named | null => {
  const found =
    /^\.verify\.(\d{8}T\d{6}Z)-[0-9a-f]{6}\.(object|content|drill)\.(pass|fail)\.json(\.sig)?$/.exec(suffix);
  const time = timeOfStamp(found?.[1] ?? '');
  if (!found || !time) return null;
  const name = `${id}${suffix}`;
  if (found[4]) return { kind: 'verdict-signature', id, of: name.slice(0, -'.sig'.length) };
  return {
    kind: 'verdict',
    id,
    verdict: { name, time, level: found[2] as Level, pass: found[3] === 'pass' },
  };
};

const etcdCluster = (file: string): Named | null => {
  const found = /^cluster\.(\d{8}T\d{6}Z)\.(0|[1-9]\d{0,19})\.json$/.exec(file);
  const since = timeOfStamp(found?.[1] ?? '');
  return found?.[2] && since ? { kind: 'etcd-cluster', since, clusterId: found[2] } : null;
};

/** The names of the files that are written, without the cluster. */
export const lineageFile = 'cluster.json';
export const objectFile = (id: string, compression: Compression, encryption: 'age' | null): string =>
  `${id}.db${compression === 'zstd' ? '.zst' : ''}${encryption === 'age' ? '.age' : ''}`;
export const manifestFile = (id: string): string => `${id}.json`;
/** Of any file that is signed; also with the cluster before it. */
export const signatureFile = (file: string): string => `${file}.sig`;
export const pinFile = (id: string): string => `${id}.pin`;
export const removedFile = (id: string): string => `${id}.removed`;

/** True for what can be the name of a cluster. */
export const isClusterName = (text: string): boolean => /^[a-z0-9][a-z0-9._-]{0,62}$/.test(text);

/** Throws `usage` for what cannot be the name of a cluster. */
export const checkClusterName = (cluster: string): string => {
  if (isClusterName(cluster)) return cluster;
  throw new SnapbackError('usage', {
    operation: 'read the name of the cluster',
    object: JSON.stringify(cluster),
    reason: 'is not a name that a cluster can have',
    hint: 'At most 63 lower-case letters, digits, dots, dashes and underscores, beginning with a letter or digit.',
  });
};
