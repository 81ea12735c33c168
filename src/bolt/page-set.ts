/** A set of pages, a bit for each. */

export type PageSet = {
  /** How many it has. */
  size(): number;
  has(page: number): boolean;
  /** False where it has the page already. */
  add(page: number): boolean;
};

/** `pages` is how many there can be: a bit each, and the memory for those that were never touched stays untouched. */
export const pageSet = (pages: number): PageSet => {
  const bits = new Uint8Array(Math.ceil(pages / 8));
  let size = 0;
  const has = (page: number) => ((bits[page >>> 3] ?? 0) & (1 << (page & 7))) !== 0;
  return {
    size: () => size,
    has,
    add: page => {
      if (has(page)) return false;
      bits[page >>> 3] = (bits[page >>> 3] ?? 0) | (1 << (page & 7));
      size++;
      return true;
    },
  };
};
