/**
 * How many pages bbolt fills with entries that come in their order, as a defragmentation writes them (bbolt: node.go,
 * split, splitIndex and spill).
 */

export type Tree = {
  /** The sizes of the next key and value. */
  add(key: number, value: number): void;
  pages(): number;
};

export const newTree = (pageSize: number): Tree => {
  const leaves = newLevel(pageSize);
  return {
    add: (key, value) => leaves.add(elementSize + key + value, key),
    pages: () => leaves.pages(),
  };
};

const headerSize = 16;
const elementSize = 16;
// etcd: backend.go, defragdb.
const fillPercent = 0.9;
const leastElements = 2;

type Level = { add(size: number, firstKey: number): void; pages(): number };

/** The pages of one level, and above them a level with the first key of each, where there are more than one. */
const newLevel = (pageSize: number): Level => {
  let [size, count, own, first, pages] = [headerSize, 0, 0, 0, 0];
  let above: Level | null = null;
  const close = () => {
    pages += Math.ceil(size / pageSize);
    own += 1;
    above ??= newLevel(pageSize);
    above.add(elementSize + first, first);
    [size, count] = [headerSize, 0];
  };
  return {
    add: (bytes, key) => {
      if (count >= leastElements && size + bytes > pageSize * fillPercent) close();
      if (count === 0) first = key;
      size += bytes;
      count += 1;
    },
    pages: () => {
      if (own === 0) return Math.ceil(size / pageSize);
      close();
      return pages + (above?.pages() ?? 0);
    },
  };
};
