/**
 * The JSON documents of a store (manifest, lineage, etcd cluster, verdict): how their bytes are read and made.
 * What is read is hostile until the schema has seen it.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { SnapbackError } from '../errors.ts';
import { type Store, smallObjectLimit } from '../store/store.ts';

export type Kind = 'snapshot' | 'lineage' | 'etcd-cluster' | 'verdict';

const format = 1;

/** Reads a small object whole; `integrity` when it is larger than any of this program's. */
export const readSmall = async (
  store: Store,
  name: string,
  options: { signal: AbortSignal },
): Promise<Uint8Array> => {
  const body = await store.get(name, options);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > smallObjectLimit) throw damaged(name, `is larger than ${smallObjectLimit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
};

/**
 * The JSON of a document whose `format` this program reads and whose `kind` is the one wanted. `integrity` for
 * what is not such JSON, `refused` for a newer format or another kind. Fields are not looked at yet.
 */
export const parseDocument = (bytes: Uint8Array, kind: Kind, object: string): Record<string, unknown> => {
  const value = parseJson(bytes, object);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw damaged(object, 'is not a JSON object');
  const found = value as Record<string, unknown>;
  if (!Number.isSafeInteger(found.format) || Number(found.format) < 1)
    throw damaged(object, 'has no format number');
  if (found.format !== format) throw newer(object, found);
  if (typeof found.kind !== 'string') throw damaged(object, 'has no kind');
  if (found.kind !== kind) throw otherKind(object, found.kind, kind);
  return found;
};

const parseJson = (bytes: Uint8Array, object: string): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), (key, value) => {
      if (forbidden.has(key)) throw new SyntaxError(`the field ${key} is not allowed`);
      return value;
    });
  } catch (cause) {
    throw damaged(
      object,
      `is not whole JSON (${bytes.byteLength} bytes): ${(cause as Error).message}`,
      cause,
    );
  }
};

// Assigned to an object these change what it is, and schema libraries drop them in silence.
const forbidden = new Set(['__proto__', 'prototype', 'constructor']);

/** Checks fields with a schema; `integrity` naming every field that is wrong. */
export const checkFields = <T>(schema: v.GenericSchema<unknown, T>, value: unknown, object: string): T => {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const wrong = result.issues
    .slice(0, 5)
    .map(issue => `${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
  const more = result.issues.length > 5 ? ` and ${result.issues.length - 5} more` : '';
  throw damaged(object, `has wrong fields (${wrong.join('; ')}${more})`);
};

/**
 * The bytes of a document: fields in the schema's order, then unknown ones; two spaces, a newline at the end. What
 * could not be read again must not be stored, so it goes through the reader: `integrity` for what that refuses.
 */
export const documentBytes = <T extends { kind: Kind }>(
  schema: v.GenericSchema<unknown, T>,
  value: T,
  object: string,
): Uint8Array => {
  const found = parseDocument(Buffer.from(JSON.stringify(value)), value.kind, object);
  const bytes = Buffer.from(`${JSON.stringify(checkFields(schema, found, object), null, 2)}\n`);
  if (bytes.byteLength > smallObjectLimit)
    throw damaged(object, `would be larger than ${smallObjectLimit} bytes`);
  return bytes;
};

/** `sha256:<64 hex>` of some bytes. */
export const sha256Of = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const newer = (object: string, found: Record<string, unknown>): SnapbackError => {
  const tool = typeof found.tool === 'string' && /^[\w. +-]{1,60}$/.test(found.tool) ? found.tool : null;
  return new SnapbackError('refused', {
    operation: 'read from the store',
    object,
    reason: `is in format ${found.format}, which this version does not know; it reads format ${format}`,
    hint: tool
      ? `It was written by ${tool}: use that version or a newer one.`
      : 'Use a newer version of snapback.',
  });
};

const otherKind = (object: string, found: string, wanted: string): SnapbackError =>
  new SnapbackError('refused', {
    operation: 'read from the store',
    object,
    reason: `is of the kind ${JSON.stringify(found.slice(0, 40))} and not ${JSON.stringify(wanted)}`,
    hint: 'A newer version of snapback may know this kind; it is left as it is.',
  });

/** The error of a document that cannot be believed. */
export const damaged = (object: string, reason: string, cause?: unknown): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'read from the store',
    object,
    reason,
    hint: 'It is damaged or not written by snapback. Compare it with a copy; nothing in it was used.',
    cause,
  });
