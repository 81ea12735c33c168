/** JSON as Go writes it: with ids of 64 bits as numbers, which JavaScript would round. */

/** The value, with whole numbers above 2^53 as bigints; undefined for what is no JSON. */
export const parseGoJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'), exact as (key: string, value: unknown) => unknown);
  } catch {
    return undefined;
  }
};

/** What every engine from Node 21 on is given as the third (tc39: JSON.parse source text access). */
type Source = { source?: string };

const exact = (_key: string, value: unknown, { source = '' }: Source): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^\d{16,20}$/.test(source)
    ? BigInt(source)
    : value;

/** The fields of an object; null for anything else. */
export const objectIn = (value: unknown): Record<string, unknown> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;

/** A list of texts; an absent or null one, as Go writes an empty list, is empty. Null for anything else. */
export const textsIn = (value: unknown): string[] | null => {
  const list = value ?? [];
  return Array.isArray(list) && list.every(one => typeof one === 'string') ? list : null;
};

/** The same of ids, as decimal texts. */
export const idsIn = (value: unknown): string[] | null => {
  const list = value ?? [];
  if (!Array.isArray(list)) return null;
  const ids = list.map(idIn);
  return ids.every(id => id !== null) ? ids : null;
};

/** An id of 64 bits, as a decimal text. */
export const idIn = (value: unknown): string | null => {
  if (typeof value === 'bigint') return value < 2n ** 64n ? String(value) : null;
  return Number.isSafeInteger(value) && (value as number) >= 0 ? String(value) : null;
};
