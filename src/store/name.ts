/**
 * The only names that a store takes: `<cluster>/<file>`. They can come out of hostile manifests, so every kind
 * of store asks here before it touches anything.
 */
import { SnapbackError } from '../errors.ts';

// No leading dot: that excludes `.`, `..` and the names of unfinished uploads. 200 leaves room within the 255
// bytes of a file name for what an unfinished upload adds.
const part = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** True for a name that can be a cluster's or a file's. */
export const isNamePart = (text: string): boolean => part.test(text);

/** Splits an object's name; throws `refused` for one that is not `<cluster>/<file>`. */
export const splitName = (name: string, operation: string): { cluster: string; file: string } => {
  const [cluster = '', file = '', ...more] = name.split('/');
  if (more.length > 0 || !isNamePart(cluster) || !isNamePart(file)) throw badName(name, operation);
  return { cluster, file };
};

/** Throws `refused` for what cannot be the name of a cluster in a store. */
export const checkCluster = (cluster: string, operation: string): void => {
  if (!isNamePart(cluster)) throw badName(cluster, operation);
};

const badName = (name: string, operation: string): SnapbackError =>
  new SnapbackError('refused', {
    operation,
    object: `name ${JSON.stringify(name.slice(0, 100))}`,
    reason: 'is not one that a store can hold',
    hint: 'Names in a store are <cluster>/<file>, of letters, digits, dots, dashes and underscores.',
  });
