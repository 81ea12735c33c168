/** What the value of a key is, told by its bytes alone; pure, and it throws for none. */
import { bytesIn, type Field, fieldsOf } from '../wire.ts';

export type KubernetesObject = {
  /** Empty for the core group. */
  group: string;
  version: string;
  kind: string;
  /** Null for an object of the cluster. */
  namespace: string | null;
  name: string | null;
};

export type Recognised =
  | {
      is: 'kubernetes';
      encoding: 'protobuf';
      object: KubernetesObject;
      /** The message of the kind itself, without the envelope; a view. */
      raw: Uint8Array;
      /** What a Secret or a ConfigMap holds, in its order; null for other kinds. */
      data: { name: string; value: Uint8Array }[] | null;
    }
  | { is: 'kubernetes'; encoding: 'json' | 'yaml'; object: KubernetesObject }
  /** By an API server, with a provider such as `aescbc` or `kms` and a key or plugin of that name. */
  | { is: 'encrypted'; provider: string; version: string; key: string }
  | { is: 'json' }
  | { is: 'text' }
  | { is: 'bytes' };

/**
 * Kubernetes' protobuf is an envelope of type and message (apimachinery/pkg/runtime/generated.proto, Unknown); nearly
 * all kinds have their metadata as field 1. Custom resources are JSON. What is encrypted at rest says so
 * (apiserver/pkg/server/options/encryptionconfig/config.go).
 */
export const recognise = (value: Uint8Array): Recognised => {
  if (startsWith(value, 'k8s\0')) return protobuf(value.subarray(4)) ?? { is: 'bytes' };
  if (startsWith(value, 'k8s:enc:')) return encrypted(value) ?? { is: 'bytes' };
  const text = utf8(value);
  // A text with a null in it is none for a person.
  if (text === null || text.includes('\0')) return { is: 'bytes' };
  return json(text) ?? yaml(text) ?? { is: 'text' };
};

const startsWith = (value: Uint8Array, text: string): boolean =>
  value.length >= text.length && latin1(value.subarray(0, text.length)) === text;

const protobuf = (envelope: Uint8Array): Recognised | null => {
  const unknown = fieldsOf(envelope);
  const type = fieldsOf(bytesIn(unknown, 1) ?? new Uint8Array());
  const raw = bytesIn(unknown, 2);
  const kind = textIn(type, 2);
  if (raw === null || !kind) return null;
  const message = fieldsOf(raw);
  const metadata = fieldsOf(bytesIn(message, 1) ?? new Uint8Array());
  const object = {
    ...groupAndVersion(textIn(type, 1) ?? ''),
    kind,
    namespace: textIn(metadata, 3) || null,
    name: textIn(metadata, 1) || null,
  };
  return { is: 'kubernetes', encoding: 'protobuf', object, raw, data: dataOf(object, message) };
};

/** Both have a map as field 2, a ConfigMap one of bytes as field 3 too (api/core/v1/generated.proto). */
const dataOf = ({ group, kind }: KubernetesObject, message: Field[] | null) => {
  const numbers = group !== '' ? [] : kind === 'Secret' ? [2] : kind === 'ConfigMap' ? [2, 3] : [];
  if (numbers.length === 0 || message === null) return null;
  return message.flatMap(({ number, value }) => {
    if (!numbers.includes(number) || typeof value === 'bigint') return [];
    const entry = fieldsOf(value);
    const name = textIn(entry, 1);
    return name === null ? [] : [{ name, value: bytesIn(entry, 2) ?? new Uint8Array() }];
  });
};

const encrypted = (value: Uint8Array): Recognised | null => {
  const [, provider, version, key] =
    /^k8s:enc:(\w+):(v\d+):([^:]*):/.exec(latin1(value.subarray(0, 512))) ?? [];
  if (provider === undefined || version === undefined || key === undefined) return null;
  return { is: 'encrypted', provider, version, key };
};

const json = (text: string): Recognised | null => {
  if (!/^\s*[[{]/.test(text)) return null;
  const parsed = attempt<unknown>(() => JSON.parse(text));
  if (parsed === null) return null;
  const object = objectOf(parsed);
  return object ? { is: 'kubernetes', encoding: 'json', object } : { is: 'json' };
};

// Told by its lines: a parser of YAML can be kept busy for minutes by what is nested deeply enough.
const yaml = (text: string): Recognised | null => {
  const [, apiVersion] = /^apiVersion: +["']?([^\s"']+)/m.exec(text) ?? [];
  const [, kind] = /^kind: +["']?([^\s"']+)/m.exec(text) ?? [];
  if (!apiVersion || !kind) return null;
  const [, indent = '', block = ''] = /^metadata:\s*\n(?=( +))((?: .*\n?)*)/m.exec(text) ?? [];
  const field = (name: string): string | null => {
    const line = block.split('\n').find(one => one.startsWith(`${indent}${name}: `));
    return line?.slice(indent.length + name.length + 2).replaceAll(/^["' ]+|["'\s]+$/g, '') || null;
  };
  const object = { ...groupAndVersion(apiVersion), kind, namespace: field('namespace'), name: field('name') };
  return { is: 'kubernetes', encoding: 'yaml', object };
};

const objectOf = (parsed: unknown): KubernetesObject | null => {
  const { apiVersion, kind, metadata } = record(parsed);
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !apiVersion || !kind) return null;
  const { namespace, name } = record(metadata);
  return {
    ...groupAndVersion(apiVersion),
    kind,
    namespace: typeof namespace === 'string' ? namespace : null,
    name: typeof name === 'string' ? name : null,
  };
};

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** `apps/v1`, and `v1` of the core group. */
const groupAndVersion = (apiVersion: string): { group: string; version: string } => {
  const slash = apiVersion.lastIndexOf('/');
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1) };
};

const textIn = (fields: Field[] | null, number: number): string | null => {
  const bytes = bytesIn(fields, number);
  return bytes && utf8(bytes);
};

const attempt = <T>(run: () => T): T | null => {
  try {
    return run();
  } catch {
    return null;
  }
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = (bytes: Uint8Array): string | null => attempt(() => decoder.decode(bytes));
const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
