/** A snapshot made anew for other keys: the same data under an id of its own, which says where it came from. */
import type { Readable } from 'node:stream';
import { commitManifest } from '../catalog/commit.ts';
import { coreBytes, coreOf } from '../catalog/core.ts';
import { idBeside } from '../catalog/id.ts';
import type { Entry } from '../catalog/listing.ts';
import type { Manifest } from '../catalog/manifest.ts';
import { manifestFile, objectFile, pinFile, signatureFile } from '../catalog/names.ts';
import type { ReadManifest } from '../catalog/read.ts';
import type { SignKey } from '../catalog/sign-key.ts';
import { chain } from '../codec/chain.ts';
import { decode, encode } from '../codec/codec.ts';
import type { Digest } from '../codec/digest.ts';
import { checkTrailer } from '../etcd/trailer.ts';
import type { Secret } from '../secret.ts';
import { copySmall } from './copy-snapshot.ts';
import type { CopyTarget } from './copy-target.ts';
import type { OpenCatalog } from './open-catalog.ts';
import { openStored, wrongTrailer } from './open-stored.ts';
import { tool } from './tool.ts';

export type Keys = { recipients: string[]; identities: Secret[]; signKey: SignKey | null };

/**
 * Decrypts and checks to the exact end (stored bytes, plain bytes, etcd's trailer, core) while the new object is
 * written; its manifest comes last. The id keeps the time at which the data was taken. Signature and verdicts are of
 * the old manifest and stay behind, and the new one is signed anew where there is a key; a pin goes with it. Throws `usage` for an identity that does not fit, `integrity`
 * for damage, `store`, or the signal's reason; then nothing of it is in the target.
 */
export const reEncrypt = async (
  source: OpenCatalog,
  entry: Entry,
  { manifest, sha256 }: ReadManifest,
  target: CopyTarget,
  {
    recipients,
    identities,
    signKey,
    signal,
    onBytes,
  }: Keys & { signal: AbortSignal; onBytes(bytes: number): void },
): Promise<{ id: string; files: string[] }> => {
  const { cluster } = entry;
  const id = idBeside(entry.id, idsIn([source, target]));
  const files: string[] = [];
  const put: Put = async (file, stream, atMost) => {
    await target.store.put(`${cluster}/${file}`, stream, { signal, atMost });
    files.push(file);
  };
  try {
    const attachments: Manifest['attachments'] = [];
    for (const one of manifest.attachments)
      attachments.push(
        await attachmentFor(source, cluster, one, id, { recipients, identities, signal, put }),
      );

    const stored = await openStored(source.store, manifest, identities, { signal, onBytes });
    const trailer = checkTrailer();
    const { compression } = manifest.object;
    const made = ({ size, sha256: hash }: Digest): Manifest => ({
      ...manifest,
      id,
      tool,
      origin: { lineage: manifest.lineage, id: manifest.id, manifest: sha256 },
      object: {
        name: objectFile(id, compression, 'age'),
        size,
        sha256: hash,
        compression,
        encryption: 'age',
        recipients,
      },
      attachments,
    });
    const encoded = encode(chain(stored.stream, [], trailer, signal), {
      compression,
      recipients,
      signal,
      plain: trailer.result,
      core: async () => {
        stored.checkCore();
        return coreBytes(coreOf(made({ size: 0, sha256: '' })));
      },
    });
    await put(objectFile(id, compression, 'age'), encoded.stream, roomFor(manifest.plain.size));
    if (entry.pinned && (await copyPin(source, target, entry, id, signal))) files.push(pinFile(id));
    if (signKey) files.push(signatureFile(manifestFile(id)));
    await commitManifest(target.store, made(encoded.object()), { signKey, signal });
    return { id, files: [...files, manifestFile(id)] };
  } catch (error) {
    // Nobody will take up an id that was never told. The signal is of no use here: it may be the reason.
    const options = { signal: AbortSignal.timeout(3_000) };
    for (const file of files) await target.store.remove(`${cluster}/${file}`, options).catch(() => {});
    throw wrongTrailer(error);
  }
};

const copyPin = (
  source: OpenCatalog,
  target: CopyTarget,
  { cluster, id }: Entry,
  newId: string,
  signal: AbortSignal,
): Promise<boolean> => {
  const options = { as: `${cluster}/${pinFile(newId)}`, removable: true, signal };
  return copySmall(source.store, target.store, `${cluster}/${pinFile(id)}`, options);
};

type Put = (file: string, stream: Readable, atMost: number) => Promise<void>;

/** An attachment has age around it and no frames of ours inside: only that layer changes. */
const attachmentFor = async (
  source: OpenCatalog,
  cluster: string,
  { name, size, sha256, paths }: Manifest['attachments'][number],
  id: string,
  { recipients, identities, signal, put }: Omit<Keys, 'signKey'> & { signal: AbortSignal; put: Put },
): Promise<Manifest['attachments'][number]> => {
  const whole = `${cluster}/${name}`;
  const decoded = decode(await source.store.get(whole, { signal }), {
    compression: 'none',
    encryption: 'age',
    identities,
    expected: { object: { size, sha256 }, plain: null },
    name: `the attachment ${whole}`,
    signal,
  });
  const encoded = encode(decoded.stream, {
    compression: 'none',
    recipients,
    signal,
    core: () => Promise.reject(new Error('what is not compressed has no core')),
  });
  const file = `${id}${name.slice(id.length)}`;
  await put(file, encoded.stream, roomFor(size));
  return { name: file, ...encoded.object(), paths };
};

/** Compression may make a stream that does not compress a little larger; age adds a header and tags. */
const roomFor = (size: number): number => size + Math.ceil(size / 100) + 8 * 1024 * 1024;

const idsIn = (folders: Pick<CopyTarget, 'listing'>[]): string[] =>
  folders.flatMap(({ listing: { entries, orphans, removing } }) =>
    [...entries, ...orphans, ...removing].map(({ id }) => id),
  );
