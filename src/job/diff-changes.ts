/** Two lists of keys in the same order, and what changed from the first to the second. */
import type { SideKey } from './diff-sides.ts';

export type Change =
  | { change: 'added'; a: null; b: SideKey }
  | { change: 'removed'; a: SideKey; b: null }
  /** Its value; or only its lease. */
  | { change: 'changed' | 'lease'; a: SideKey; b: SideKey };

type Keys = AsyncIterator<SideKey[], void, void>;

/**
 * Iterates the changes, some at a time, in the order of the keys. Throws what they throw;
 * both are closed in any case.
 */
export async function* changesOf(a: Keys, b: Keys): AsyncGenerator<Change[], void, void> {
  const [left, right] = [cursor(a), cursor(b)];
  try {
    // The first part comes when all is sorted: one after the other, they need the memory for that once.
    await left.load();
    for (;;) {
      await Promise.all([left.load(), right.load()]);
      const found = step(left, right);
      if (found === null) return;
      if (found.length > 0) yield found;
    }
  } finally {
    await Promise.all([a.return?.(), b.return?.()]);
  }
}

type Cursor = { batch: SideKey[]; at: number; ended: boolean; load(): Promise<void> };

const cursor = (keys: Keys): Cursor => ({
  batch: [],
  at: 0,
  ended: false,
  async load() {
    while (!this.ended && this.at >= this.batch.length) {
      const next = await keys.next();
      this.ended = next.done === true;
      this.batch = next.value ?? [];
      this.at = 0;
    }
  },
});

/** As far as the batches at hand allow; null at the end of both. */
const step = (left: Cursor, right: Cursor): Change[] | null => {
  if (left.ended && right.ended) return null;
  const found: Change[] = [];
  for (;;) {
    const [a, b] = [left.batch[left.at], right.batch[right.at]];
    if ((!a && !left.ended) || (!b && !right.ended)) return found;
    const order = a && b ? a.key.compare(b.key) : a ? -1 : 1;
    if (!a && !b) return found;
    if (order <= 0) left.at += 1;
    if (order >= 0) right.at += 1;
    const change = changeOf(order <= 0 ? a : undefined, order >= 0 ? b : undefined);
    if (change) found.push(change);
  }
};

const changeOf = (a: SideKey | undefined, b: SideKey | undefined): Change | null => {
  if (!a) return b ? { change: 'added', a: null, b } : null;
  if (!b) return { change: 'removed', a, b: null };
  if (a.size !== b.size || !a.hash.equals(b.hash)) return { change: 'changed', a, b };
  return a.lease === b.lease ? null : { change: 'lease', a, b };
};
