import { count, size } from '../figures.ts';
import type { GetEntry } from '../job/get-entry.ts';
import { label } from './label.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** A key, what is known of it, what its value is, and the value. */
export const entryText = (entry: GetEntry, style: Style): string => {
  const { createRevision, modRevision, version, lease } = entry;
  const leased = lease === null ? '' : `, lease ${BigInt.asUintN(64, BigInt(lease)).toString(16)}`;
  return [
    label('key', keyText(entry)),
    label(
      'revision',
      `${count(modRevision)} (created at ${count(createRevision)}, version ${count(version)})${leased}`,
    ),
    label('value', `${size(entry.size)}${what(entry)}`),
    ...contents(entry, style),
  ].join('\n');
};

/** The key as it is; its bytes in base64 where it is no text. */
export const keyText = ({ key, keyBase64 }: Pick<GetEntry, 'key' | 'keyBase64'>): string =>
  key === null ? `base64:${keyBase64}` : printable(key);

const what = ({ is, object, encoding, encryption }: GetEntry): string => {
  if (object) {
    const { group, version, kind, namespace, name } = object;
    const where = [namespace, name].filter(part => part !== null).join('/');
    const how = { protobuf: "Kubernetes' protobuf", json: 'JSON', yaml: 'YAML' }[encoding ?? 'protobuf'];
    return printable(
      `, ${kind} ${[group, version].filter(Boolean).join('/')}${where && ` ${where}`}, in ${how}`,
    );
  }
  if (encryption)
    return printable(
      `, encrypted at rest by the API server: ${encryption.provider} ${encryption.version}, key ${encryption.key}`,
    );
  return is === 'json' ? ', JSON' : is === 'bytes' ? ', no text' : '';
};

const contents = ({ is, hidden, text, data, value, size: bytes }: GetEntry, style: Style): string[] => {
  if (hidden)
    return [label('', style.look('not shown: a Secret; --show-secrets shows it, or its own key does'))];
  if (data) return data.map(one => label('data', `${printable(one.name)}  ${dataText(one)}`));
  if (value === null || bytes === 0) return [];
  if (text === null || is === 'encrypted') return [label('', style.dim('--raw writes its bytes'))];
  return ['', ...lines(is === 'json' || is === 'kubernetes' ? indentedJson(text) : text)];
};

const dataText = ({ text, value }: { text: string | null; value: string }): string =>
  text === null ? `base64:${value}` : lines(text).join('\n          ');

const lines = (text: string): string[] =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map(line => printable(line.replace(/\r$/, '')).replaceAll('\\t', '\t'));

/** Only where nothing of it changes but its spaces. */
const indentedJson = (text: string): string => {
  try {
    const parsed: unknown = JSON.parse(text);
    return JSON.stringify(parsed) === text.trim() ? JSON.stringify(parsed, null, 2) : text;
  } catch {
    return text;
  }
};
