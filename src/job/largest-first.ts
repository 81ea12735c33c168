/** Rows of what keys come to, for a document that has to end somewhere. */
import { addSums, emptySums, type Sums } from '../bolt/sums.ts';

export type Others = Sums & { rows: number };

// Some MB of JSON.
const limit = 10_000;

/** By their bytes, past ones too; what is left out is added up, null where nothing is. */
export const largestFirst = <T extends Sums>(rows: T[]): { rows: T[]; other: Others | null } => {
  const sorted = rows.toSorted((a, b) => b.bytes + b.pastBytes - a.bytes - a.pastBytes);
  const left = sorted.slice(limit);
  if (left.length === 0) return { rows: sorted, other: null };
  const other = { ...emptySums(), rows: left.length };
  for (const row of left) addSums(other, row);
  return { rows: sorted.slice(0, limit), other };
};
