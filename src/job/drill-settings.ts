/** What a drill is told. */
import type { Keyspace } from '../bolt/keyspace.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Programs } from '../programs/find.ts';
import type { Secret } from '../secret.ts';

export type DrillSettings = {
  programs: Programs;
  /** etcd's file, compared with its trailer already, or meant to be without one. */
  file: string;
  /** Bytes of it. */
  size: number;
  /** A private folder. */
  scratch: string;
  /** Of the cluster that is made of it. */
  members: 1 | 3;
  user: string | null;
  password: Secret | null;
  dialTimeout: number;
  idleTimeout: number;
  /** What was read in the file. */
  keyspace: Keyspace;
};

/** What was recorded of the living cluster, as far as it can be compared with. */
export type Recorded = Pick<Manifest, 'etcd' | 'fingerprint' | 'fingerprintSkipped'>;
