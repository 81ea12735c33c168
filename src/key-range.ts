/** Ranges of etcd's keys. */

/** All keys with a prefix: from it up to, but without, `end` (etcd: client/v3/op.go, GetPrefixRangeEnd). */
export const prefixRange = (prefix: Buffer): { key: Buffer; end: Buffer } => {
  const last = prefix.findLastIndex(byte => byte < 0xff);
  // As the end of a range a zero stands for: everything from there on.
  if (last < 0) return { key: prefix.length === 0 ? Buffer.from([0]) : prefix, end: Buffer.from([0]) };
  const end = Buffer.from(prefix.subarray(0, last + 1));
  end.writeUInt8(end.readUInt8(last) + 1, last);
  return { key: prefix, end };
};

/** The same keys with as few prefixes: none that begins with another. */
export const fewestPrefixes = (prefixes: Buffer[]): Buffer[] =>
  prefixes.filter(
    (one, index) =>
      !prefixes.some(
        (other, at) => at !== index && startsWith(one, other) && (one.length > other.length || at < index),
      ),
  );

export const startsWith = (key: Uint8Array, prefix: Uint8Array): boolean =>
  key.length >= prefix.length && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
