/** Settings that several jobs take, already decided: no job reads a flag or a file of options. */
import type { TrustKeyFile } from '../catalog/trust-key.ts';
import type { StorePlace } from '../store/open.ts';

export type { EtcdSettings } from '../etcd/settings.ts';
export type { ObjectLock, S3Settings } from '../store/open.ts';

export type StoreSettings = StorePlace & {
  cluster: string;
  /** True when the cluster was named by flag, environment or config file, not by default. */
  clusterNamed: boolean;
  /** 32 hex digits, or null for the folder's own. */
  lineage: string | null;
  /** Whose signatures of manifests and verdicts are believed; none: signatures are not looked at. */
  trustKeys: TrustKeyFile[];
};

export type ProgramSettings = {
  /** Folder with etcd's programs, or null for PATH and the cache. */
  etcdBin: string | null;
  /** `3.6`; null for the minor version that the snapshot was taken from. */
  etcdVersion: '3.4' | '3.5' | '3.6' | '3.7' | null;
  /** The environment, for PATH and the place of the cache. */
  env: NodeJS.ProcessEnv;
};
