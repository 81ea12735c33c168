/** Which pages of a database a server reads: found without the code that is tested. */

const pageSize = 4096;
const branch = 1;
const leaf = 2;
const bucket = 1;

/** The one of the two meta pages that counts: that of the later transaction. */
export const metaInUse = (bytes: Buffer): 0 | 1 =>
  bytes.readBigUInt64LE(pageSize + 64) > bytes.readBigUInt64LE(64) ? 1 : 0;

/** The numbers of all pages that are reached from the root, with those that they go on in. */
export const pagesInUse = (bytes: Buffer): Set<number> => {
  const found = new Set<number>([0, 1]);
  const waiting = [Number(bytes.readBigUInt64LE(metaInUse(bytes) * pageSize + 32))];
  for (const page of waiting) {
    const start = page * pageSize;
    const [flags, count, overflow] = [
      bytes.readUInt16LE(start + 8),
      bytes.readUInt16LE(start + 10),
      bytes.readUInt32LE(start + 12),
    ];
    for (let more = 0; more <= overflow; more++) found.add(page + more);
    for (let index = 0; index < count; index++) {
      const at = start + 16 + index * 16;
      if (flags === branch) waiting.push(Number(bytes.readBigUInt64LE(at + 8)));
      if (flags !== leaf || bytes.readUInt32LE(at) !== bucket) continue;
      const value = at + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 8);
      const root = Number(bytes.readBigUInt64LE(value));
      if (root !== 0) waiting.push(root);
    }
  }
  return found;
};
