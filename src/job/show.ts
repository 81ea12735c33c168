/** All that is known of one snapshot: its manifest, its pin, and what checks found. */
import type { Entry } from '../catalog/listing.ts';
import type { Manifest } from '../catalog/manifest.ts';
import type { Level, VerdictName } from '../catalog/names.ts';
import { readPin } from '../catalog/pin.ts';
import { readManifest } from '../catalog/read.ts';
import { selectSnapshot } from '../catalog/select.ts';
import type { Trust } from '../catalog/trust-key.ts';
import { readVerdict, type Verdict } from '../catalog/verdict.ts';
import { from } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Context, Outcome } from './context.ts';
import { openCatalog } from './open-catalog.ts';
import type { SnapshotSettings } from './own-snapshot.ts';

/** A verdict: what its name tells, and its body or why that cannot be read or believed. */
export type ShownVerdict = {
  name: string;
  /** When the check started, RFC 3339. */
  time: string;
  level: Level;
  pass: boolean;
  body: Verdict | null;
  /** The file of the trusted key that signed it; null without trusted keys. */
  signedBy: string | null;
  error: string | null;
  /** False when it was another manifest that was checked; null when the body cannot be read. */
  ofThisManifest: boolean | null;
};

export type ShowResult = {
  manifest: Manifest;
  /** A signature lies beside the manifest. */
  signed: boolean;
  /** The file of the trusted key that signed it; null without trusted keys, and then nobody looked. */
  signedBy: string | null;
  /** Newest first. */
  verdicts: ShownVerdict[];
  /** Null when it is not pinned; the reason is null when nobody said why. */
  pinned: { reason: string | null } | null;
  bad: boolean;
  /** The newest fail that stands; null with `bad` when the object is missing. */
  failed: { time: string; level: Level } | null;
  /** The drill that proved it. */
  verified: { time: string } | null;
  /** Bytes of the object as the store lists it; null when it is missing. */
  storedSize: number | null;
};

/** Throws what `selectSnapshot` and `readManifest` throw; a verdict that cannot be read is an error of its own alone. */
export const show = async (
  settings: SnapshotSettings,
  { signal, log }: Pick<Context, 'signal' | 'log'>,
): Promise<Outcome<ShowResult>> => {
  const question = { snapshots: [settings.snapshot], before: settings.before };
  await using catalog = await openCatalog(settings, 'read', { signal, log }, question);
  const { store, listing, lineage, trust } = catalog;
  const { entry } = selectSnapshot(listing.entries, settings.snapshot, { before: settings.before });
  const { manifest, sha256, signedBy } = await readManifest(store, entry, { lineage, trust, signal });
  const verdicts: ShownVerdict[] = [];
  for (const named of newestFirst(entry.verdicts)) {
    verdicts.push(await readOne(store, entry, named, sha256, { trust, signal }));
  }
  const { failed, verified } = entry;
  const result: ShowResult = {
    manifest,
    signed: entry.signed,
    signedBy,
    verdicts,
    pinned: entry.pinned ? { reason: (await readPin(store, entry, { signal })) || null } : null,
    bad: entry.bad,
    failed: failed && { time: failed.time.toISOString(), level: failed.level },
    verified: verified && { time: verified.time.toISOString() },
    storedSize: entry.objectSize,
  };
  return { result, error: null };
};

const newestFirst = (verdicts: VerdictName[]): VerdictName[] =>
  verdicts.toSorted((a, b) => b.time.getTime() - a.time.getTime());

const readOne = async (
  store: Store,
  { cluster }: Entry,
  named: VerdictName,
  sha256: string,
  { trust, signal }: { trust: Trust; signal: AbortSignal },
): Promise<ShownVerdict> => {
  const { name, level, pass } = named;
  const told = { name, time: named.time.toISOString(), level, pass };
  try {
    const { verdict: body, signedBy } = await readVerdict(store, cluster, named, { trust, signal });
    return { ...told, body, signedBy, error: null, ofThisManifest: body.manifest === sha256 };
  } catch (cause) {
    signal.throwIfAborted();
    const { reason } = from(cause, 'store', { operation: 'read from the store', object: name });
    return { ...told, body: null, signedBy: null, error: reason, ofThisManifest: null };
  }
};
