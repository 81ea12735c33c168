/** What changed, added up by resource and namespace of Kubernetes, or by the first segments of the key. */
import { keyName, resourceName } from '../kubernetes/key-name.ts';
import type { Change } from './diff-changes.ts';

export type DiffCounts = { added: number; removed: number; changed: number; lease: number };

export type DiffGroup = DiffCounts & {
  /** Of Kubernetes, as kubectl takes it: `deployments.apps`. */
  resource: string | null;
  namespace: string | null;
  /** Of other keys, up to a slash; null where there are too many groups, for all that came after them. */
  prefix: string | null;
};

/** A depth groups all by so many segments; without one keys of Kubernetes are grouped by what they are, others by two. */
export const newGroups = (depth: number | null) => {
  const groups = new Map<string, DiffGroup>();
  const groupOf = (key: Buffer): DiffGroup => {
    const name = depth === null ? keyName(key) : null;
    const resource = name && resourceName(name);
    const prefix = name ? null : prefixOf(key, depth ?? 2);
    const known = groups.size < most || groups.has(idOf(resource, name?.namespace, prefix));
    const group: DiffGroup = known
      ? { resource, namespace: name?.namespace ?? null, prefix, ...noChanges() }
      : { resource: null, namespace: null, prefix: null, ...noChanges() };
    const id = idOf(group.resource, group.namespace, group.prefix);
    const found = groups.get(id) ?? group;
    groups.set(id, found);
    return found;
  };
  return {
    add: ({ change, a, b }: Change) => {
      groupOf((a ?? b).key)[change] += 1;
    },
    /** The ones with the most changes first. */
    all: () => [...groups.values()].toSorted((a, b) => total(b) - total(a)),
  };
};

const most = 10_000;

const idOf = (...parts: (string | null | undefined)[]): string => JSON.stringify(parts);

export const noChanges = (): DiffCounts => ({ added: 0, removed: 0, changed: 0, lease: 0 });

const total = ({ added, removed, changed, lease }: DiffCounts): number => added + removed + changed + lease;

/** As a text, whatever its bytes are. A slash at the beginning is no segment. */
const prefixOf = (key: Buffer, depth: number): string => {
  let end = 0;
  for (let segments = 0; segments < depth; segments += 1) {
    const slash = key.indexOf(0x2f, Math.max(end, 1));
    if (slash < 0) break;
    end = slash + 1;
  }
  return key.toString('utf8', 0, end);
};
