/** What a key of etcd is called in Kubernetes, and the other way; pure. */
import { folderOf, groupOf, isBuiltIn, isOfServer, resourceIn } from './resources.ts';

export type KeyName = {
  /** `apps`; empty for the core group; null of a resource whose key does not say it and which is not known here. */
  group: string | null;
  /** The plural name, as kubectl takes it: `nodes`, whose keys say `minions`. */
  resource: string;
  /** Null for what belongs to no namespace. */
  namespace: string | null;
  name: string;
  /** True for what API servers keep for themselves, which is no object of the API: `masterleases`, `compact_rev_key`. */
  ofServer: boolean;
};

// The default of --etcd-prefix, and what OpenShift sets.
const roots = ['/registry/', '/kubernetes.io/'];

/**
 * Null for a key that is not as API servers write them, whatever its bytes are. Whether something belongs to a namespace is told by
 * the number of its segments, since no name has a slash (Kubernetes: apiserver/pkg/registry/generic/registry/store.go).
 */
export const keyName = (key: Uint8Array): KeyName | null => {
  const text = utf8(key);
  if (text === 'compact_rev_key')
    return { group: null, resource: text, namespace: null, name: text, ofServer: true };
  const root = roots.find(one => text?.startsWith(one));
  if (text === null || root === undefined) return null;
  const segments = text.slice(root.length).split('/');
  if (segments.includes('')) return null;
  const [first = '', second = '', ...rest] = segments;
  if (first.includes('.')) return placed(first, second, rest);
  const twofold = resourceIn(`${first}/${second}`);
  if (first === 'services') return twofold.includes('/') ? null : placed('', twofold, rest);
  const resource = resourceIn(first);
  return placed(groupOf(resource), resource, segments.slice(1));
};

const placed = (group: string | null, resource: string, rest: string[]): KeyName | null => {
  if (rest.length === 0 || rest.length > 2) return null;
  const [name = ''] = rest.slice(-1);
  const namespace = rest.length === 2 ? (rest[0] ?? null) : null;
  return { group, resource, namespace, name, ofServer: group === null && isOfServer(resource) };
};

/** `secrets`, `deployments.apps`: a resource as kubectl takes it, whose group is left out where it is not known. */
export const resourceName = ({ group, resource }: Pick<KeyName, 'group' | 'resource'>): string =>
  group ? `${resource}.${group}` : resource;

/** Whether its value is a Secret. */
export const isSecret = (name: KeyName | null): boolean => name?.group === '' && name.resource === 'secrets';

/**
 * Where the objects of a resource (`secrets`, `deployments.apps`, `widgets.example.com`) are: the key of one where
 * `name` is given, else the prefix of all, with each root that API servers use. A name without namespace is of the
 * cluster.
 */
export const keysFor = (
  resource: string,
  { namespace, name }: { namespace: string | null; name: string | null },
): string[] => {
  const dot = resource.indexOf('.');
  const group = dot < 0 ? '' : resource.slice(dot + 1);
  const plural = dot < 0 ? resource : resource.slice(0, dot);
  const folder = dot < 0 || isBuiltIn(group) ? folderOf(plural) : `${group}/${plural}`;
  const path = [folder, ...[namespace].filter(one => one !== null), name ?? ''].join('/');
  return roots.map(root => `${root}${path}`);
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const utf8 = (bytes: Uint8Array): string | null => {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
};
