/**
 * The core of a manifest: what the last, skippable frame of the object holds, so that a lost manifest can be
 * made again and so that encrypted bytes are bound to theirs. All fields but `object.size`, `object.sha256` and
 * `taken.finished`, which are known only after the object's last byte.
 */
import * as v from 'valibot';
import { checkFields, documentBytes, parseDocument } from './document.ts';
import { checkNames, coreFields, type Manifest } from './manifest.ts';

export type ManifestCore = Omit<Manifest, 'object' | 'taken'> & {
  object: Omit<Manifest['object'], 'size' | 'sha256'>;
  taken: Omit<Manifest['taken'], 'finished'>;
};

const schema: v.GenericSchema<unknown, ManifestCore> = v.looseObject(coreFields);

/** A manifest without what its core leaves out; unknown fields stay. */
export const coreOf = (manifest: Manifest): ManifestCore => {
  const { size: _size, sha256: _sha256, ...object } = manifest.object;
  const { finished: _finished, ...taken } = manifest.taken;
  return { ...manifest, object, taken };
};

/** The bytes of the frame; `integrity` when the core breaks its own rules. */
export const coreBytes = (core: ManifestCore): Uint8Array => {
  const object = `core of ${core.id}`;
  checkNames(core, object);
  return documentBytes(schema, core, object);
};

/** Reads the frame of an object; `integrity` for damage, `refused` for a newer format. */
export const parseCore = (bytes: Uint8Array, object: string): ManifestCore => {
  const core = checkFields(
    schema,
    parseDocument(bytes, 'snapshot', `core of ${object}`),
    `core of ${object}`,
  );
  checkNames(core, `core of ${object}`);
  return core;
};

/** True when an object's core is the one that its manifest says. */
export const isCoreOf = (core: ManifestCore, manifest: Manifest): boolean =>
  Buffer.compare(coreBytes(core), coreBytes(coreOf(manifest))) === 0;
