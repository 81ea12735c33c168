/** Databases of bbolt made by hand, to be wrong where a test wants them to. Layouts: bbolt, internal/common. */

export type Leaf = { key: string; value: Uint8Array; bucket?: boolean };
export type Branch = { key: string; child: number };

export const pageSize = 4096;

const page = (id: number, flags: number, count: number, overflow: number, size = pageSize): Buffer => {
  const bytes = Buffer.alloc(size * (overflow + 1));
  bytes.writeBigUInt64LE(BigInt(id), 0);
  bytes.writeUInt16LE(flags, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(overflow, 12);
  return bytes;
};

export type Meta = {
  root: number;
  highWater: number;
  transaction: number;
  size?: number;
  /** The page of the list of free pages; none is written where it is left out. */
  freelist?: number;
};

export const metaPage = (
  id: 0 | 1,
  { root, highWater, transaction, size = pageSize, freelist }: Meta,
): Buffer => {
  const bytes = page(id, 4, 0, 0, size);
  bytes.writeUInt32LE(0xed0cdaed, 16);
  bytes.writeUInt32LE(2, 20);
  bytes.writeUInt32LE(size, 24);
  bytes.writeBigUInt64LE(BigInt(root), 32);
  bytes.writeBigUInt64LE(freelist === undefined ? 2n ** 64n - 1n : BigInt(freelist), 48);
  bytes.writeBigUInt64LE(BigInt(highWater), 56);
  bytes.writeBigUInt64LE(BigInt(transaction), 64);
  seal(bytes, 0);
  return bytes;
};

/** Makes the checksum of the meta page at `start` right again. */
export const seal = (bytes: Buffer, start: number): void => {
  let hash = 14695981039346656037n;
  for (const byte of bytes.subarray(start + 16, start + 72))
    hash = ((hash ^ BigInt(byte)) * 1099511628211n) % 2n ** 64n;
  bytes.writeBigUInt64LE(hash, start + 72);
};

export const leafPage = (id: number, leaves: Leaf[], { overflow = 0, size = pageSize } = {}): Buffer => {
  const bytes = page(id, 2, leaves.length, overflow, size);
  let end = 16 + 16 * leaves.length;
  for (const [index, { key, value, bucket }] of leaves.entries()) {
    const element = 16 + 16 * index;
    bytes.writeUInt32LE(bucket ? 1 : 0, element);
    bytes.writeUInt32LE(end - element, element + 4);
    bytes.writeUInt32LE(key.length, element + 8);
    bytes.writeUInt32LE(value.length, element + 12);
    end += bytes.write(key, end, 'latin1');
    bytes.set(value, end);
    end += value.length;
  }
  return bytes;
};

export const branchPage = (id: number, branches: Branch[]): Buffer => {
  const bytes = page(id, 1, branches.length, 0);
  let end = 16 + 16 * branches.length;
  for (const [index, { key, child }] of branches.entries()) {
    const element = 16 + 16 * index;
    bytes.writeUInt32LE(end - element, element);
    bytes.writeUInt32LE(key.length, element + 4);
    bytes.writeBigUInt64LE(BigInt(child), element + 8);
    end += bytes.write(key, end, 'latin1');
  }
  return bytes;
};

/** The list of free pages, which says its length in its first id where that is too long for its header. */
export const freelistPage = (
  id: number,
  free: number[],
  { overflow = 0, long = free.length >= 0xffff } = {},
) => {
  const bytes = page(id, 16, long ? 0xffff : free.length, overflow);
  const ids = long ? [free.length, ...free] : free;
  for (const [index, one] of ids.entries()) bytes.writeBigUInt64LE(BigInt(one), 16 + index * 8);
  return bytes;
};

/** The value of a bucket with a root page of its own; of an inline one with the page itself. */
export const bucketValue = (root: number | Buffer): Buffer => {
  const header = Buffer.alloc(16);
  if (typeof root !== 'number') return Buffer.concat([header, root]);
  header.writeBigUInt64LE(BigInt(root));
  return header;
};

/** The page of an inline bucket, no longer than it must be. */
export const inlinePage = (leaves: Leaf[]): Buffer => {
  const used = leaves.reduce((sum, { key, value }) => sum + 16 + key.length + value.length, 16);
  return leafPage(0, leaves).subarray(0, used);
};

export const version = (text: string) => ({ key: 'storageVersion', value: Buffer.from(text) });
export const metas = (meta: Partial<Meta> = {}): Buffer[] => {
  const all = { root: 2, highWater: 4, transaction: 8, ...meta };
  return [metaPage(0, all), metaPage(1, { ...all, transaction: all.transaction - 1 })];
};
export const metaBucketAt = (page: number) => ({ key: 'meta', value: bucketValue(page), bucket: true });
export const root = leafPage(2, [metaBucketAt(3)]);
export const good = () => Buffer.concat([...metas(), root, leafPage(3, [version('3.6.0')])]);
/** A database that is good but for what `change` does to its bytes. */
export const but = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = good();
  change(bytes);
  return bytes;
};
