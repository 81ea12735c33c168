import type { Code, SnapbackError } from '../errors.ts';

// A signal first: whoever stopped the run must see that it was stopped. Then as the exit codes are listed.
const order: Code[] = [
  'aborted',
  'integrity',
  'refused',
  'missing-program',
  'not-found',
  'store',
  'etcd',
  'stale',
  'usage',
  'different',
  'failed',
];

/** The error that a run over several snapshots ends with; null where there is none. */
export const worst = (errors: SnapbackError[]): SnapbackError | null =>
  errors.toSorted((a, b) => order.indexOf(a.code) - order.indexOf(b.code))[0] ?? null;
