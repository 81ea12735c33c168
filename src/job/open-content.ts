/** A snapshot as etcd's plain file on a disk, for the commands that read what is in it. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ManifestCore, parseCore } from '../catalog/core.ts';
import { readManifest } from '../catalog/read.ts';
import { selectSnapshot } from '../catalog/select.ts';
import type { Secret } from '../secret.ts';
import type { Context } from './context.ts';
import { fetchFile, fetchSnapshot } from './fetch.ts';
import { provenBy } from './file-trailer.ts';
import { openCatalog } from './open-catalog.ts';
import { checkIdentities } from './open-stored.ts';
import { bareSize } from './read-file.ts';
import { openScratch } from './scratch.ts';
import type { StoreSettings } from './settings.ts';
import { unsignedFile } from './signing.ts';
import { isFile } from './snapshot-argument.ts';

export type ContentSettings = {
  store: StoreSettings;
  /** A selector or a path. */
  snapshot: string;
  before: Date | null;
  identities: Secret[];
  scratch: string | null;
};

export type Content = {
  /** etcd's file, with its trailer where it has one: to be read only, since it can be the user's own. */
  path: string;
  /** For errors and headings: the id, or the path as it was written. */
  name: string;
  /** What was recorded of it; null for a file that this program did not make. */
  manifest: ManifestCore | null;
  /** What makes it doubtful; told already. */
  warnings: string[];
  /** Removes what was unpacked. */
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * A stored snapshot is fetched into the scratch folder and compared with its manifest; a file that any tool made is
 * unpacked there, and read where it is when it is a database already. A trailer must match; a file without one, such as
 * a copied `member/snap/db`, is opened with a warning. Throws `integrity` for damage, `not-found`, `usage` for what is no
 * snapshot or an identity that does not fit, `store`, `failed` for a full disk, or the signal's reason; then nothing is
 * left behind.
 */
export const openContent = async (settings: ContentSettings, context: Context): Promise<Content> => {
  const content = await (isFile(settings.snapshot) ? openFile : openSnapshot)(settings, context);
  for (const warning of content.warnings) context.log.warn(warning);
  return content;
};

const openSnapshot = async (settings: ContentSettings, context: Context): Promise<Content> => {
  const { snapshot, before, identities, scratch } = settings;
  const question = { snapshots: [snapshot], before };
  await using catalog = await openCatalog(settings.store, 'read', context, question);
  const { store, listing, lineage, trust } = catalog;
  const { entry } = selectSnapshot(listing.entries, snapshot, { before });
  const { manifest } = await readManifest(store, entry, { lineage, trust, signal: context.signal });
  // Before room is looked for.
  await checkIdentities(manifest, identities);
  const warnings = entry.bad ? [`${entry.id} is bad: \`snapback show ${entry.id}\` says why`] : [];
  return await inScratch(scratch, manifest.plain.size, async path => {
    await fetchSnapshot(store, manifest, path, identities, context);
    return { name: entry.id, manifest, warnings };
  });
};

const openFile = async (
  { store, snapshot: name, identities, scratch }: ContentSettings,
  context: Context,
): Promise<Content> => {
  const unsigned = unsignedFile(name, store);
  const bare = await bareSize(name).catch(() => null);
  if (bare !== null) {
    const warnings = [...unsigned, ...(await provenBy(name, name, context))];
    return { path: name, name, manifest: null, warnings, [Symbol.asyncDispose]: async () => {} };
  }
  // What it becomes is known only when it is unpacked; it is never smaller.
  const packed = await stat(name).then(
    ({ size }) => size,
    () => 0,
  );
  return await inScratch(scratch, packed, async path => {
    const { core } = await fetchFile(name, path, { identities, skipHashCheck: true }, context);
    const warnings = [...unsigned, ...(await provenBy(path, name, context))];
    return { name, manifest: core === null ? null : parseCore(core, name), warnings };
  });
};

const inScratch = async (
  parent: string | null,
  needed: number,
  fill: (path: string) => Promise<Omit<Content, 'path' | typeof Symbol.asyncDispose>>,
): Promise<Content> => {
  const scratch = await openScratch(parent, needed);
  try {
    const path = join(scratch.path, 'snapshot.db');
    return { path, ...(await fill(path)), [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
};
