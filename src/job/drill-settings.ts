/** What a drill is told. */
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
  user: string | null;
  password: Secret | null;
  dialTimeout: number;
  idleTimeout: number;
  /** What was recorded; null for a file that nobody recorded anything of. */
  recorded: Pick<Manifest, 'etcd' | 'fingerprint' | 'fingerprintSkipped'> | null;
};
