/** The errors of bytes that are not what they should be. */
import { SnapbackError } from '../errors.ts';

export type Layer = 'zstd' | 'gzip' | 'age' | 'age armor';

/** Makes `integrity` errors about one object. */
export type Damage = (layer: Layer, reason: string, cause?: unknown) => SnapbackError;

export const hintOfDamage =
  'The bytes are damaged where they are stored: use another copy or another snapshot.';

/** `object` is what is read, as a person knows it: a name in a store or a path. */
export const damageOf =
  (object: string): Damage =>
  (layer, reason, cause) =>
    new SnapbackError('integrity', {
      operation: `read the ${layer} layer`,
      object,
      reason,
      hint: hintOfDamage,
      cause,
    });
