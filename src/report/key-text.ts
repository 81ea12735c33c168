import type { KeyFields } from '../job/key-fields.ts';
import { printable } from './printable.ts';

/** A key as a terminal may see it; bytes that are no text are written as etcdctl's `-w fields` writes them, `\x00`. */
export const keyText = ({ key, keyBase64 }: KeyFields): string =>
  key === null ? escaped(Buffer.from(keyBase64, 'base64')) : printable(key);

/** ASCII as it is, each other byte as an escape. */
const escaped = (bytes: Buffer): string =>
  bytes
    .toString('latin1')
    .replaceAll(/[^ -~]/g, byte => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
