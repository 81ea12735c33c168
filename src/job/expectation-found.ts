/** What was found of a snapshot, for what is expected of it. */
import type { Manifest } from '../catalog/manifest.ts';
import type { Check } from '../catalog/verdict.ts';
import type { Counts } from './expectation-counts.ts';
import type { NoPrevious, PreviousGood } from './previous-good.ts';

export type Found = {
  /** When it was taken. */
  taken: string | null;
  plainSize: number | null;
  /** What was recorded of it. */
  manifest: Manifest | null;
  /** What is in it, or why that is not known. */
  counts: Counts | string;
  previous: PreviousGood | NoPrevious;
  now: Date;
};

export type Comparison = Pick<Check, 'status' | 'detail'>;
