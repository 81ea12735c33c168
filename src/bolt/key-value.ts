/** The one message of etcd's that a reader of all records needs to know, mvccpb.KeyValue (etcd: api/mvccpb/kv.proto). */

export type KeyValue = {
  /** Of the key and the value, in the bytes that were read. */
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
  createRevision: number;
  modRevision: number;
  version: number;
  /** Where the number of its lease begins; 0 without one. */
  leaseStart: number;
};

export const newKeyValue = (): KeyValue => ({
  keyStart: 0,
  keyEnd: 0,
  valueStart: 0,
  valueEnd: 0,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  leaseStart: 0,
});

/**
 * Makes a function that reads the bytes from `start` to `end` into a message that is there, and returns what is wrong
 * with them, or null. Fields that are new to it are passed over, as protobuf wants it (protobuf: Encoding).
 */
export const keyValueReader = () => {
  let at = 0;

  /** Moves behind a number and returns it, beyond 2^53 only nearly; NaN where it does not end. */
  const number = (bytes: Buffer, end: number): number => {
    let [value, scale] = [0, 1];
    for (const limit = Math.min(end, at + 10); at < limit; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
    return Number.NaN;
  };

  return (bytes: Buffer, start: number, end: number, into: KeyValue): string | null => {
    into.keyStart = into.keyEnd = into.valueStart = into.valueEnd = start;
    into.createRevision = into.modRevision = into.version = into.leaseStart = 0;
    at = start;
    while (at < end) {
      const tag = number(bytes, end);
      const [field, kind] = [Math.floor(tag / 8), tag % 8];
      const before = at;
      const size = sizes[kind] ?? number(bytes, end);
      const limit = kind === 0 ? at : at + size;
      if (!(field > 0 && limit <= end) || (kind > 2 && kind !== 5) || Number.isNaN(size))
        return `has no field as etcd writes them at its byte ${before - start}`;
      const expected = kinds[field];
      if (expected !== undefined && expected !== kind) return `has a field ${field} of kind ${kind}`;
      if (field === 1) [into.keyStart, into.keyEnd] = [at, limit];
      else if (field === 2) into.createRevision = size;
      else if (field === 3) into.modRevision = size;
      else if (field === 4) into.version = size;
      else if (field === 5) [into.valueStart, into.valueEnd] = [at, limit];
      else if (field === 6) into.leaseStart = before;
      at = limit;
    }
    return null;
  };
};

/** The bytes of a field whose kind says how many it has: 64 and 32 bits. */
const sizes: { [kind: number]: number } = { 1: 8, 5: 4 };

/** Of each field: 0 is a number, 2 so many bytes. */
const kinds = [undefined, 2, 0, 0, 0, 2, 0];

/** A number of 64 bits as etcd writes the ids of leases. */
export const leaseAt = (bytes: Buffer, start: number): bigint => {
  let [value, shift] = [0n, 0n];
  for (let at = start; ; at++, shift += 7n) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 128 || shift > 63n) return BigInt.asIntN(64, value);
  }
};
