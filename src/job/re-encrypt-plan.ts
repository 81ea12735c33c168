/** Which snapshots a copy for other keys makes anew, and which it finds done already. */
import type { Entry } from '../catalog/listing.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { type ReadManifest, readManifests } from '../catalog/read.ts';
import type { SnapbackError } from '../errors.ts';
import type { CopyTarget } from './copy-target.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { checkIdentities } from './open-stored.ts';
import type { Keys } from './re-encrypt.ts';

export type NewKeys = {
  entry: Entry;
} & (
  | { how: 'anew'; read: ReadManifest }
  /** It is encrypted for exactly these keys as it is: nothing to do but to copy its bytes. */
  | { how: 'as it is' }
  /** An earlier run made `copy` of it. */
  | { how: 'done'; copy: string }
  | { how: 'not at all'; error: SnapbackError }
);

/**
 * Reads the manifests of all of them, and in the target those of the same times, where a copy of an earlier run is
 * known by its origin and its recipients. A manifest that cannot be believed and a missing identity are errors of one.
 */
export const planKeys = async (
  source: OpenCatalog,
  entries: Entry[],
  target: CopyTarget,
  { recipients, identities }: Keys,
  { signal }: { signal: AbortSignal },
): Promise<Map<Entry, NewKeys>> => {
  const { lineage, trust } = source;
  const times = new Set(entries.map(({ id }) => timeIn(id)));
  const same = target.listing.entries.filter(({ id }) => times.has(timeIn(id)));
  const there = await readManifests(target.store, same, { lineage, trust, signal });
  const here = await readManifests(source.store, entries, { lineage, trust, signal });
  // One that is made already and still in the source is copied as it is.
  const done = [...there, ...here].flatMap(({ entry, read }) =>
    read && !entry.bad && isFor(read.manifest, recipients) ? [read.manifest] : [],
  );
  const plans = new Map<Entry, NewKeys>();
  for (const { entry, read, error } of here) {
    const made = read && done.find(({ origin }) => isOrigin(origin, read));
    if (error) plans.set(entry, { entry, how: 'not at all', error });
    else if (isFor(read.manifest, recipients)) plans.set(entry, { entry, how: 'as it is' });
    else if (made) plans.set(entry, { entry, how: 'done', copy: made.id });
    else plans.set(entry, await withIdentity(entry, read, identities));
  }
  return plans;
};

const withIdentity = async (
  entry: Entry,
  read: ReadManifest,
  identities: Keys['identities'],
): Promise<NewKeys> => {
  try {
    await checkIdentities(read.manifest, identities);
    return { entry, how: 'anew', read };
  } catch (error) {
    return { entry, how: 'not at all', error: error as SnapbackError };
  }
};

const timeIn = (id: string): string => id.slice(0, 16);

const isFor = ({ object }: Manifest, recipients: string[]): boolean =>
  object.encryption === 'age' &&
  object.recipients.length === recipients.length &&
  recipients.every(recipient => object.recipients.includes(recipient));

const isOrigin = (origin: Manifest['origin'], { manifest, sha256 }: ReadManifest): boolean =>
  origin !== null &&
  'id' in origin &&
  origin.lineage === manifest.lineage &&
  origin.id === manifest.id &&
  origin.manifest === sha256;
