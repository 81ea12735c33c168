/**
 * The check of what etcd appends to every snapshot: the SHA-256 of all bytes before it, as 32 raw bytes
 * (etcd: server/etcdserver/api/v3rpc/maintenance.go, Snapshot).
 */

import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { SnapbackError } from '../errors.ts';
import { count } from '../figures.ts';

const trailerLength = 32;
/** Every database is a multiple of it, so what has no trailer shows by its size too. */
const blockLength = 512;

/**
 * Passes everything on unchanged, trailer included, and fails in `flush` when the trailer is absent or wrong, so
 * that whoever consumes it never sees an end. The error has the code `etcd`. `result` is size (bytes) and hash
 * (`sha256:<hex>`) of all that passed, trailer included, so that nobody has to hash it again; it throws before the end.
 */
export const checkTrailer = (): Transform & { result(): { size: number; sha256: string } } => {
  const hash = createHash('sha256');
  let size = 0;
  // The newest bytes: the trailer, if they are the last. Usually the newest chunk as it came, so nothing is copied.
  let held: Buffer = Buffer.alloc(0);
  let sha256: string | null = null;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      const whole = chunk.length >= trailerLength;
      const joined = whole ? held : Buffer.concat([held, chunk]);
      const before = whole ? held : joined.subarray(0, -trailerLength);
      held = whole ? chunk : joined.subarray(-trailerLength);
      hash.update(before);
      if (before.length > 0) this.push(before);
      done();
    },
    flush(done) {
      hash.update(held.subarray(0, -trailerLength));
      if (held.length > 0) this.push(held);
      if (size <= trailerLength || (size - trailerLength) % blockLength !== 0) {
        return done(damaged(`ended after ${count(size)} bytes, which cannot be a whole snapshot`));
      }
      const trailer = held.subarray(-trailerLength);
      if (!hash.copy().digest().equals(trailer)) {
        return done(damaged('does not match the SHA-256 that etcd sent at its end'));
      }
      sha256 = `sha256:${hash.update(trailer).digest('hex')}`;
      done();
    },
  });
  const result = () => {
    if (sha256 === null) throw new Error('the hash was asked for before the last byte had passed');
    return { size, sha256 };
  };
  return Object.assign(stream, { result });
};

const damaged = (reason: string) =>
  new SnapbackError('etcd', {
    operation: 'read the snapshot',
    object: 'the stream',
    reason,
    hint: 'Run the command again. If it happens again, look at the network and at that member.',
  });
