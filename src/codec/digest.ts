/** Size and SHA-256 of what passes by, and the comparison with what was recorded. */

import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { SnapbackError } from '../errors.ts';
import { count } from '../figures.ts';

export type Digest = {
  /** Bytes. */
  size: number;
  /** `sha256:` and 64 hex digits. */
  sha256: string;
};

export type Expectation = Digest & {
  /** What the bytes are, for the error: `the stored object`, `the decoded database`. */
  object: string;
  hint: string;
};

/**
 * Passes bytes unchanged and counts and hashes them; `result` is theirs once all have passed, and throws before.
 *
 * With an expectation it fails with `integrity`: at once when more bytes come than were recorded, else in flush,
 * that is before the consumer can see an end. The error says which differs, and both values.
 */
export const digest = (expected: Expectation | null = null): Transform & { result(): Digest } => {
  const hash = createHash('sha256');
  let size = 0;
  let final: Digest | null = null;
  const stream = new Transform({
    transform: (chunk: Buffer, _, done) => {
      hash.update(chunk);
      size += chunk.length;
      if (expected && size > expected.size)
        done(differs(expected, `is longer than the ${count(expected.size)} bytes recorded`));
      else done(null, chunk);
    },
    flush: done => {
      final = { size, sha256: `sha256:${hash.digest('hex')}` };
      done(expected && difference(expected, final));
    },
  });
  return Object.assign(stream, {
    result: () => {
      if (!final) throw new Error('a digest was asked for before the last byte had passed');
      return final;
    },
  });
};

const difference = (expected: Expectation, found: Digest): SnapbackError | null => {
  if (found.size !== expected.size)
    return differs(expected, `has ${count(found.size)} bytes, but ${count(expected.size)} were recorded`);
  if (found.sha256 !== expected.sha256)
    return differs(expected, `has the hash ${found.sha256}, but ${expected.sha256} was recorded`);
  return null;
};

const differs = (expected: Expectation, reason: string): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'compare size and SHA-256',
    object: expected.object,
    reason,
    hint: expected.hint,
  });
