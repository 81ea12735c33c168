/** The keys of a snapshot as the objects of Kubernetes that they are. */
import type { Folder } from '../bolt/folders.ts';
import { addSums, emptySums, type Sums } from '../bolt/sums.ts';
import { keyName, resourceName } from '../kubernetes/key-name.ts';
import { largestFirst, type Others } from './largest-first.ts';

export type ResourceRow = Sums & {
  /** As kubectl takes it: `secrets`, `deployments.apps`. */
  resource: string;
  /** The largest first; empty for what belongs to none; null where there were too many to be counted one by one. */
  namespaces: { rows: (Sums & { namespace: string })[]; other: Others | null } | null;
};

export type KubernetesRows = {
  /** The largest first. */
  resources: { rows: ResourceRow[]; other: Others | null };
  /** The same keys by their namespace alone, but for those of resources that have too many. */
  namespaces: {
    rows: (Sums & { namespace: string })[];
    other: Others | null;
    notCounted: Sums | null;
  };
  /** Keys that are none of its objects. */
  notKubernetes: Sums;
};

/** Null where not half of the records are of Kubernetes. */
export const byResource = (folders: Folder[]): KubernetesRows | null => {
  const resources = new Map<string, Resource>();
  const namespaces = new Map<string, Sums>();
  const [objects, notKubernetes, notCounted] = [emptySums(), emptySums(), emptySums()];
  for (const folder of folders) {
    // Every name in it is of the same kind.
    const name = keyName(Buffer.from(`${folder.prefix}x`, 'latin1'));
    addSums(name ? objects : notKubernetes, folder);
    if (!name) continue;
    const { namespace } = name;
    const resource = known(resources, resourceName(name), newResource);
    addSums(resource.sums, folder);
    if (namespace === null) {
      if (!folder.whole) continue;
      resource.whole = true;
      addSums(notCounted, folder);
      continue;
    }
    addSums(known(resource.namespaces, namespace, emptySums), folder);
    addSums(known(namespaces, namespace, emptySums), folder);
  }
  if (records(objects) === 0 || records(objects) < records(notKubernetes)) return null;
  const rows = [...resources].map(([resource, { sums, whole, namespaces }]) => ({
    resource,
    ...sums,
    namespaces: whole ? null : namespaceRows(namespaces),
  }));
  return {
    resources: largestFirst(rows),
    namespaces: {
      ...namespaceRows(namespaces),
      notCounted: records(notCounted) === 0 ? null : notCounted,
    },
    notKubernetes,
  };
};

type Resource = { sums: Sums; namespaces: Map<string, Sums>; whole: boolean };

const newResource = (): Resource => ({ sums: emptySums(), namespaces: new Map(), whole: false });

const known = <T>(map: Map<string, T>, key: string, make: () => T): T => {
  const found = map.get(key);
  if (found) return found;
  const made = make();
  map.set(key, made);
  return made;
};

const namespaceRows = (namespaces: Map<string, Sums>) =>
  largestFirst([...namespaces].map(([namespace, sums]) => ({ namespace, ...sums })));

const records = ({ keys, pastRecords }: Sums): number => keys + pastRecords;
