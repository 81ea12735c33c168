/** What `put-back` is asked for, and what it gives back. */
import { type KeyFields, keyFields } from './key-fields.ts';
import type { ContentSettings } from './open-content.ts';
import type { Rules } from './put-back-plan.ts';
import type { EtcdSettings } from './settings.ts';

export type PutBackSettings = ContentSettings &
  Rules & {
    etcd: EtcdSettings;
    prefixes: string[];
    keys: string[];
    /** As kubectl names it: one object, or all of a namespace or of the cluster; null for none. */
    resource: { resource: string; namespace: string | null; name: string | null } | null;
    /** What the snapshot held at this revision; null for its newest. */
    revision: number | null;
    dryRun: boolean;
  };

/** Some keys that have something in common. */
export type Keys = {
  keys: number;
  /** Of keys and values as the snapshot has them. */
  bytes: number;
  /** The first few keys. */
  sample: KeyFields[];
};

export type PutBackPlan = {
  create: Keys;
  overwrite: Keys;
  same: Keys;
  /** They have another value in the cluster, and were not to be overwritten. */
  exists: Keys;
  /** Of kinds of Kubernetes that do harm when they are put back. */
  volatile: Keys;
};

export type PutBackDone = {
  created: Keys;
  overwritten: Keys;
  /** Somebody made, changed or removed them after the plan was made; left as they are. */
  changed: Keys;
  /** Larger than what this etcd takes in a request. */
  tooLarge: Keys;
  /** Of the last transaction, whose answer was lost: nobody knows. */
  inDoubt: Keys;
};

export type PutBackResult = {
  /** The id, or the path as it was written. */
  snapshot: string;
  /** When it was taken, RFC 3339; null where it does not say. */
  taken: string | null;
  /** Where the keys go, as the member that was asked tells it; the id is decimal. */
  into: { endpoint: string; version: string; clusterId: string; revision: number };
  /** Null where the snapshot does not say which etcd cluster it is of. */
  sameCluster: boolean | null;
  dryRun: boolean;
  plan: PutBackPlan;
  /** Why keys are `volatile`, by resource. */
  volatileResources: { resource: string; keys: number; why: string }[];
  /** Namespaces of Kubernetes that keys are put back into, and that are not there. */
  missingNamespaces: string[];
  /** Keys under the prefixes that the cluster has and the snapshot has not. */
  onlyInCluster: number;
  /** How many of those to create and to overwrite hung on a lease in the snapshot. */
  leased: number;
  /** How many of those the API server of Kubernetes has encrypted. */
  encrypted: number;
  /** Whether keys of Kubernetes are among those. */
  kubernetes: boolean;
  /** What was written; null for a dry run. */
  done: PutBackDone | null;
  /** Why it ended before its end; null where it did not. */
  stopped: string | null;
};

export const noKeys = (): Keys => ({ keys: 0, bytes: 0, sample: [] });

const sampleSize = 5;

/** Counts a key in. */
export const countIn = (keys: Keys, { key, value }: { key: Buffer; value: Buffer }): void => {
  keys.keys += 1;
  keys.bytes += key.length + value.length;
  if (keys.sample.length < sampleSize) keys.sample.push(keyFields(key));
};
