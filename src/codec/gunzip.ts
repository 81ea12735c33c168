/** gzip to bytes, to the exact end: Node passes over what follows a zero byte after the last member in silence. */
import { createGunzip } from 'node:zlib';
import { messageOf } from '../errors.ts';
import type { Damage } from './damage.ts';
import { decoded } from './decoder.ts';

/** The stage for a pipeline; several members one after the other are one stream. Damage is `integrity`. */
export const gunzip = (damage: Damage) => (source: AsyncIterable<Buffer>) =>
  decoded(
    source,
    createGunzip({ chunkSize: 256 * 1024 }),
    error => damage('gzip', `cannot be decompressed (${messageOf(error)})`, error),
    () => damage('gzip', 'goes on after its end'),
  );
