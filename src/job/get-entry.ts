/** A key with its value, as a document in JSON has it. */
import type { LiveKey } from '../bolt/live-row.ts';
import { isSecret, keyName } from '../kubernetes/key-name.ts';
import { type KubernetesObject, type Recognised, recognise } from '../kubernetes/object.ts';
import { type KeyFields, keyFields } from './key-fields.ts';

export type GetEntry = KeyFields & {
  createRevision: number;
  modRevision: number;
  version: number;
  /** Decimal; null without one. */
  lease: string | null;
  /** Bytes of the value. */
  size: number;
  /** What the value is; null where values were not asked for. */
  is: Recognised['is'] | null;
  encoding: 'protobuf' | 'json' | 'yaml' | null;
  object: KubernetesObject | null;
  /** With what it is encrypted at rest. */
  encryption: { provider: string; version: string; key: string } | null;
  /** It is a Secret, and was not asked for by its key; what follows is null. */
  hidden: boolean;
  /** Base64. */
  value: string | null;
  /** The same where it is a text. */
  text: string | null;
  /** What a Secret or a ConfigMap in protobuf holds; `value` in base64. */
  data: { name: string; value: string; text: string | null }[] | null;
};

/** A value that is null was not asked for. */
export const entryOf = (
  { key, value, ...row }: Omit<LiveKey, 'hash' | 'offset' | 'deleted'>,
  { showSecrets }: { showSecrets: boolean },
): GetEntry => {
  const what = value && recognise(value);
  const object = what?.is === 'kubernetes' ? what.object : null;
  const secret = isSecret(keyName(key)) || (object?.kind === 'Secret' && object.group === '');
  const hidden = value !== null && secret && !showSecrets;
  const shown = hidden ? null : value;
  return {
    ...keyFields(key),
    createRevision: row.createRevision,
    modRevision: row.modRevision,
    version: row.version,
    lease: row.lease === 0n ? null : String(row.lease),
    size: row.size,
    is: what?.is ?? null,
    encoding: what?.is === 'kubernetes' ? what.encoding : null,
    object,
    encryption:
      what?.is === 'encrypted' ? { provider: what.provider, version: what.version, key: what.key } : null,
    hidden,
    value: shown && base64(shown),
    text: shown && textOf(shown),
    data:
      what?.is === 'kubernetes' && what.encoding === 'protobuf' && !hidden
        ? (what.data?.map(({ name, value: bytes }) => ({
            name,
            value: base64(bytes),
            text: textOf(bytes),
          })) ?? null)
        : null,
  };
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** As recognise has it: a text with a null in it is none. */
const textOf = (bytes: Uint8Array): string | null => {
  const { key: text } = keyFields(bytes);
  return text === null || text.includes('\0') ? null : text;
};
