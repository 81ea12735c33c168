/** One snapshot from one store to another, byte for byte: the manifest last, so that it is there whole or not at all. */

import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readSmall } from '../catalog/document.ts';
import { isLocked } from '../catalog/held.ts';
import type { Entry } from '../catalog/listing.ts';
import { manifestFile, parseName } from '../catalog/names.ts';
import { readManifest } from '../catalog/read.ts';
import { chain } from '../codec/chain.ts';
import { type Digest, digest } from '../codec/digest.ts';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { CopyTarget } from './copy-target.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { counted } from './open-stored.ts';

export type CopyOptions = {
  /** What `missingFiles` said. */
  files: string[];
  signal: AbortSignal;
  onBytes(bytes: number): void;
};

/**
 * Which of its files the target is to get, by their names and the sizes of object and manifest: nothing is read for that.
 * All of a snapshot that is not listed there: verdicts and a pin belong to the same bytes and travel with them. Of one
 * that is listed what it lacks of its bytes, and the verdicts that passed since, unless it is bad there: a `fail` can
 * come from the bytes as they lie in one store, so it says nothing about another, and a `pass` must not lift one there.
 * A pin that was taken away there stays away.
 *
 * `refused` where another manifest of that id is there or its removal has begun, `integrity` where the object there has
 * another size.
 */
export const missingFiles = (entry: Entry, target: CopyTarget): string[] => {
  const { cluster, id } = entry;
  const there = target.listing.entries.find(one => one.id === id);
  if (target.listing.removing.some(one => one.id === id))
    throw stopped('refused', entry, target, 'is being removed there', 'The next `snapback prune` ends that.');
  if (there && there.manifestSize !== entry.manifestSize)
    throw stopped(
      'refused',
      entry,
      target,
      'is there with another manifest',
      'One of the two was changed: compare them with `snapback show`.',
    );
  if (there?.objectSize && entry.objectSize && there.objectSize !== entry.objectSize)
    throw stopped(
      'integrity',
      entry,
      target,
      `has an object of ${there.objectSize} bytes there, and one of ${entry.objectSize} here`,
      `\`snapback remove ${id}\` there, then copy it again: nothing in a store is overwritten.`,
    );
  if (!there) return entry.files;
  return entry.files.filter(file => {
    const { kind } = parseName(file);
    const passed = /\.pass\.json(\.sig)?$/.test(file) && !there.bad;
    const wanted = passed || kind === 'object' || kind === 'attachments' || kind === 'signature';
    return wanted && !target.sizes.has(`${cluster}/${file}`);
  });
};

/**
 * Copies the files that are missing; the names of those that were written. Object and attachments are compared with the
 * manifest's hashes on their way, and so are those that an earlier run left in the target without a manifest: what
 * differs there is written anew. Throws `integrity` when the source's bytes are not those of its manifest, what
 * `readManifest` throws, `store`, or the signal's reason; then the snapshot is not listed in the target, unless it was.
 */
export const copySnapshot = async (
  source: OpenCatalog,
  entry: Entry,
  target: CopyTarget,
  { files, signal, onBytes }: CopyOptions,
): Promise<string[]> => {
  const { cluster, id } = entry;
  const { lineage, trust } = source;
  const { manifest, bytes } = await readManifest(source.store, entry, { lineage, trust, signal });
  const listed = !files.includes(manifestFile(id));
  const written: string[] = [];
  for (const { name, size, sha256 } of [manifest.object, ...manifest.attachments]) {
    const whole = `${cluster}/${name}`;
    const have = target.sizes.get(whole);
    if (have !== undefined && (listed || (await holds(target.store, whole, { size, sha256 }, signal))))
      continue;
    if (have !== undefined) await target.store.remove(whole, { signal });
    const from = await open(source.store, whole, signal);
    const checked = digest(expectation(whole, { size, sha256 }));
    const body = chain(counted(from, onBytes, signal), [], checked, signal);
    await target.store.put(whole, body, { signal, atMost: size });
    written.push(name);
  }
  for (const file of files.filter(isBeside).sort(passesFirst)) {
    const whole = `${cluster}/${file}`;
    if (target.sizes.has(whole)) continue;
    const options = { removable: !isLocked(file), signal };
    if (await copySmall(source.store, target.store, whole, options)) written.push(file);
  }
  if (listed) return written;
  await target.store.put(`${cluster}/${manifestFile(id)}`, bytes, { signal });
  return [...written, manifestFile(id)];
};

const isBeside = (file: string): boolean =>
  ['signature', 'verdict', 'verdict-signature', 'pin'].includes(parseName(file).kind);

/** So that a run that is cut off leaves no `fail` without the `pass` that lifts it, and no verdict without its signature. */
const passesFirst = (a: string, b: string): number =>
  Number(a.includes('.fail.')) - Number(b.includes('.fail.')) || (a > b ? -1 : 1);

/** Under the name `as`; false when it is gone from the source, or another run has just written it. */
export const copySmall = async (
  from: Store,
  to: Store,
  name: string,
  { as = name, ...options }: { removable: boolean; signal: AbortSignal; as?: string },
): Promise<boolean> => {
  try {
    await to.put(as, await readSmall(from, name, options), options);
    return true;
  } catch (error) {
    if (isSnapbackError(error) && (error.code === 'not-found' || error.code === 'refused')) return false;
    throw error;
  }
};

const holds = async (store: Store, name: string, expected: Digest, signal: AbortSignal): Promise<boolean> => {
  const nowhere = new Writable({ write: (_chunk, _encoding, next) => next() });
  try {
    const body = await store.get(name, { signal });
    await pipeline(body, digest(expectation(name, expected)), nowhere, { signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isSnapbackError(error) && error.code === 'integrity') return false;
    throw error;
  }
};

const open = async (store: Store, name: string, signal: AbortSignal) => {
  try {
    return await store.get(name, { signal });
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'not-found') throw error;
    throw new SnapbackError('integrity', {
      operation: 'copy',
      object: `object ${name}`,
      reason: 'is missing, though its manifest is there',
      hint: 'Somebody removed it: this snapshot cannot be copied.',
      cause: error,
    });
  }
};

const expectation = (name: string, { size, sha256 }: Digest) => ({
  size,
  sha256,
  object: `object ${name}`,
  hint: 'It is damaged where it is stored, and was not copied: `snapback verify --level object` records that.',
});

const stopped = (
  code: 'refused' | 'integrity',
  { id }: Entry,
  { store }: CopyTarget,
  reason: string,
  hint: string,
): SnapbackError =>
  new SnapbackError(code, {
    operation: 'copy',
    object: `snapshot ${id} in ${store.location}`,
    reason,
    hint,
  });
