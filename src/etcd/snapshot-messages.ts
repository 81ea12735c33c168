/**
 * The messages of a snapshot as they arrive: each is gRPC's prefix of five bytes and then etcd's SnapshotResponse
 * (etcd: api/etcdserverpb/rpc.proto). They are read by hand, so that the bytes of the database, which are all but some
 * twenty of each message, are handed on from where they lie and never put together.
 */
import { SnapbackError } from '../errors.ts';
import { toNumber } from './numbers.ts';

export const snapshotPath = '/etcdserverpb.Maintenance/Snapshot';

export type SnapshotMessages = {
  /** Once, when the first message is whole, before any of its bytes. */
  onFirst(first: { total: number; version: string | null }): void;
  /** `chunk[from]` to `chunk[to - 1]` are the next bytes of the database, or of its trailer. */
  onBytes(chunk: Buffer, from: number, to: number): void;
};

// What a gRPC client takes at most unless it is told otherwise; etcd's messages have 32 KiB.
const messageLimit = 4 * 1024 * 1024;
const versionLimit = 64;

// Number and wire type of each field, as they stand before it (protobuf.dev/programming-guides/encoding).
const tags = { remainingBytes: (2 << 3) | 0, blob: (3 << 3) | 2, version: (4 << 3) | 2 };

/**
 * `read` takes whatever arrives, in pieces of any size. It throws `etcd` for a size that no number can hold and for
 * what is no such message; then nothing more may be given to it.
 */
export const snapshotMessages = ({ onFirst, onBytes }: SnapshotMessages): { read(chunk: Buffer): void } => {
  let chunk: Buffer = Buffer.alloc(0);
  let at = 0;
  /** Bytes of the message that are still to come. */
  let left = 0;

  // Each `yield` waits for the next chunk.
  function* messages(): Generator<void, never> {
    const held: Buffer[] = [];
    onFirst(yield* message((bytes, from, to) => held.push(Buffer.from(bytes.subarray(from, to)))));
    for (const bytes of held) onBytes(bytes, 0, bytes.length);
    for (;;) yield* message(onBytes);
  }

  function* message(
    onBlob: SnapshotMessages['onBytes'],
  ): Generator<void, { total: number; version: string | null }> {
    yield* prefix();
    let remaining: number | bigint = 0;
    let size = 0;
    let version = '';
    while (left > 0) {
      const tag = Number(yield* varint());
      if (tag === tags.remainingBytes) remaining = yield* varint();
      else if (tag === tags.blob) size += yield* field(onBlob);
      else if (tag === tags.version)
        yield* field((bytes, from, to) => {
          version += bytes.toString('latin1', from, to);
          if (version.length > versionLimit) throw malformed('a version that is none');
        });
      else yield* unknown(tag & 7);
    }
    return { total: size + toNumber(String(remaining), 'remaining_bytes'), version: version || null };
  }

  function* prefix(): Generator<void, void> {
    let [compressed, size] = [0, 0];
    for (let index = 0; index < 5; index += 1) {
      while (at === chunk.length) yield;
      const byte = chunk[at++] ?? 0;
      if (index === 0) compressed = byte;
      else size = size * 256 + byte;
    }
    if (compressed !== 0) throw malformed('a compressed message, which nobody asked for');
    if (size > messageLimit) throw malformed(`a message of ${size} bytes`);
    left = size;
  }

  function* varint(): Generator<void, number | bigint> {
    let [low, high] = [0, 0];
    for (let shift = 0; shift < 70; shift += 7) {
      if (left === 0) throw beyond();
      while (at === chunk.length) yield;
      left -= 1;
      const byte = chunk[at++] ?? 0;
      if (shift < 28) low += (byte & 127) << shift;
      else high += (byte & 127) * 2 ** (shift - 28);
      if (byte < 128) return high === 0 ? low : (BigInt(high) << 28n) + BigInt(low);
    }
    throw malformed('a number of more than ten bytes');
  }

  /** A field with its length before it; resolves to that. */
  function* field(give: SnapshotMessages['onBytes']): Generator<void, number> {
    const length = Number(yield* varint());
    yield* bytes(length, give);
    return length;
  }

  function* bytes(length: number, give: SnapshotMessages['onBytes']): Generator<void, void> {
    if (length > left) throw beyond();
    left -= length;
    for (let missing = length; missing > 0; ) {
      while (at === chunk.length) yield;
      const from = at;
      at = Math.min(from + missing, chunk.length);
      missing -= at - from;
      give(chunk, from, at);
    }
  }

  /** A field that another version of etcd may send. */
  function* unknown(type: number): Generator<void, void> {
    const ignore = () => {};
    if (type === 0) yield* varint();
    else if (type === 1) yield* bytes(8, ignore);
    else if (type === 2) yield* field(ignore);
    else if (type === 5) yield* bytes(4, ignore);
    else throw malformed(`a field of the type ${type}, which there is none of`);
  }

  const reading = messages();
  return {
    read: next => {
      [chunk, at] = [next, 0];
      reading.next();
    },
  };
};

const beyond = () => malformed('a field that goes beyond its message');

const malformed = (what: string): SnapbackError =>
  new SnapbackError('etcd', {
    operation: 'read the snapshot',
    object: 'the stream',
    reason: `holds ${what}`,
    hint: "See whether it is etcd's client port that answers there, and what stands in between.",
  });
