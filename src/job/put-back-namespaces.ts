/** Namespaces of Kubernetes that objects are put back into, and that are not there any more. */
import type { EtcdClient } from '../etcd/client.ts';
import { maxOperations, readLiving } from '../etcd/living.ts';
import { refusalOf } from '../etcd/refusal.ts';
import { type KeyName, keysFor } from '../kubernetes/key-name.ts';

export type Namespaces = {
  /** An object that is written. */
  uses(name: KeyName): void;
  /** An object that will be there afterwards. */
  has(name: KeyName): void;
  /**
   * Those that are used and neither put back nor in the cluster; a few hundred at most are looked for, and none where
   * this user may not read them. Throws `etcd`, or the signal's reason.
   */
  missing(client: EtcdClient, options: { signal: AbortSignal }): Promise<string[]>;
};

const limit = 300;

export const namespaces = (): Namespaces => {
  const used = new Set<string>();
  const there = new Set<string>();
  return {
    uses: ({ namespace }) => {
      if (namespace !== null && used.size < limit) used.add(namespace);
    },
    has: ({ group, resource, name }) => {
      if (group === '' && resource === 'namespaces') there.add(name);
    },
    missing: async (client, { signal }) => {
      const missing: string[] = [];
      for (const group of inGroups([...used].filter(name => !there.has(name)))) {
        const found = await areThere(client, group, signal);
        missing.push(...group.filter((_, index) => found[index] === false));
      }
      return missing;
    },
  };
};

/** Under which root the cluster keeps its objects is not known: each is tried. */
const keysOf = (name: string): Buffer[] =>
  keysFor('namespaces', { namespace: null, name }).map(key => Buffer.from(key));

const inGroups = (names: string[]): string[][] => {
  const size = Math.floor(maxOperations / keysOf('').length);
  return Array.from({ length: Math.ceil(names.length / size) }, (_, index) =>
    names.slice(index * size, (index + 1) * size),
  );
};

/** Null for one of which that may not be known. */
const areThere = async (
  client: EtcdClient,
  names: string[],
  signal: AbortSignal,
): Promise<(boolean | null)[]> => {
  try {
    const living = await readLiving(client, names.flatMap(keysOf), { signal });
    const each = living.length / names.length;
    return names.map((_, index) => living.slice(index * each, (index + 1) * each).some(one => one !== null));
  } catch (error) {
    if (signal.aborted || refusalOf(error) !== 'denied') throw error;
    return names.map(() => null);
  }
};
