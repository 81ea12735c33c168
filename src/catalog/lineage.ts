/**
 * The lineage: the identity of one cluster's history. It is random and never derived from etcd, whose cluster id
 * is equal for unrelated clusters of the same address and new after a restore.
 */
import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { isSnapbackError, SnapbackError, withHint } from '../errors.ts';
import { objectAddress } from '../object-address.ts';
import type { Store } from '../store/store.ts';
import { checkFields, documentBytes, parseDocument, readSmall } from './document.ts';
import * as f from './fields.ts';
import { lineageFile } from './names.ts';

/** cluster.json. */
export type Lineage = {
  format: 1;
  kind: 'lineage';
  /** 32 hex digits. */
  lineage: string;
  /** The cluster's name, which is its folder's. */
  name: string;
  created: string;
  tool: string;
};

const schema: v.GenericSchema<unknown, Lineage> = v.looseObject({
  format: f.format,
  kind: v.literal('lineage', 'not lineage'),
  lineage: f.lineageId,
  name: f.text,
  created: f.time,
  tool: f.text,
});

/**
 * The folder's lineage, null where it has none. `integrity` when cluster.json is damaged, `refused` when it is in
 * a newer format or of another cluster: the folder was renamed or copied.
 */
export const readLineage = async (
  store: Store,
  cluster: string,
  options: { signal: AbortSignal },
): Promise<Lineage | null> => {
  const name = `${cluster}/${lineageFile}`;
  try {
    return parseLineage(await readSmall(store, name, options), cluster, objectAddress(store.location, name));
  } catch (error) {
    if (isSnapbackError(error) && error.code === 'not-found') return null;
    if (isSnapbackError(error) && error.code === 'integrity') throw withHint(error, strangers);
    throw error;
  }
};

const strangers =
  'If another tool writes there, give snapback a folder of its own by --cluster or a prefix in --store; if it is damaged, put it back from a copy.';

/** The same from bytes that were read already; `object` is what errors call it. */
export const parseLineage = (
  bytes: Uint8Array,
  cluster: string,
  object = `${cluster}/${lineageFile}`,
): Lineage => {
  const lineage = checkFields(schema, parseDocument(bytes, 'lineage', object), object);
  if (lineage.name === cluster) return lineage;
  throw new SnapbackError('refused', {
    operation: 'read the lineage of the folder',
    object,
    reason: `says that this is the folder of the cluster ${JSON.stringify(lineage.name.slice(0, 63))}`,
    hint: 'A folder must keep the name of its cluster: move it back, or name another --cluster.',
  });
};

/**
 * Begins the folder's history by writing cluster.json, with a new random id or the one that is `named`. A store
 * never overwrites, so of two that begin at once the second one gets the first one's lineage. Only for a folder
 * where `useLineage` said so.
 */
export const startLineage = (
  store: Store,
  cluster: string,
  options: { tool: string; now: Date; named: string | null; signal: AbortSignal },
): Promise<Lineage> => {
  const mine: Lineage = {
    format: 1,
    kind: 'lineage',
    lineage: options.named ?? randomBytes(16).toString('hex'),
    name: cluster,
    created: options.now.toISOString(),
    tool: options.tool,
  };
  return writeLineage(store, mine, options.named, options);
};

/**
 * Makes a folder that has no history yet one more place of a lineage, with the cluster.json of another store.
 * `refused` when another run has begun another lineage there meanwhile.
 */
export const giveLineage = (
  store: Store,
  lineage: Lineage,
  options: { signal: AbortSignal },
): Promise<Lineage> => writeLineage(store, lineage, lineage.lineage, options);

const writeLineage = async (
  store: Store,
  mine: Lineage,
  named: string | null,
  { signal }: { signal: AbortSignal },
): Promise<Lineage> => {
  const cluster = mine.name;
  const name = `${cluster}/${lineageFile}`;
  try {
    await store.put(name, documentBytes(schema, mine, name), { signal });
    return mine;
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'refused') throw error;
    const theirs = await readLineage(store, cluster, { signal });
    if (!theirs) throw error;
    if (named !== null && theirs.lineage !== named) throw otherLineage(cluster, theirs, named);
    return theirs;
  }
};

/** The error of a folder that belongs to another lineage than the one that was named. */
export const otherLineage = (cluster: string, found: Lineage, named: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'use the folder of the cluster',
    object: `${cluster}/`,
    reason: `belongs to the lineage ${found.lineage}, not to ${named}`,
    hint: 'Save into another folder by naming another --cluster, or leave --lineage out.',
  });
