/**
 * The one switch from error codes to exit codes, and the table that `--help` and the README print. Clear of
 * Node's own codes; 2x is final, 3x may be retried; an unknown code means failure.
 */
import type { Code, SnapbackError } from '../errors.ts';

export const exitCode = (error: SnapbackError | null): number => {
  if (error === null) return 0;
  if (error.code === 'aborted') return error.signal === 'SIGTERM' ? 143 : 130;
  // A second copy of the error class may have codes that this one does not know.
  return codes[error.code] ?? 1;
};

const codes: Record<Exclude<Code, 'aborted'>, number> = {
  failed: 1,
  usage: 2,
  integrity: 20,
  stale: 21,
  'not-found': 22,
  refused: 23,
  'missing-program': 24,
  different: 25,
  etcd: 30,
  store: 31,
};

/** What a person is told beside an exit code, in fewer words than the table. */
export const exitMeaning = (exit: number): string => meanings[exit] ?? 'failed';

const meanings: Record<number, string> = {
  2: 'usage or configuration',
  20: 'verification failed',
  22: 'not found',
  23: 'refused for safety',
  24: 'a program is missing',
  25: 'there are differences',
  30: 'etcd away or refusing; a retry may help',
  31: 'store away, refusing or full; a retry may help',
  130: 'interrupted',
  143: 'terminated',
};

export const exitTable: [string, string][] = [
  ['0', 'done'],
  ['1', 'failed in a way that has no code of its own (also: scratch or target disk full)'],
  ['2', 'usage or configuration; a wrong identity; an ambiguous snapshot'],
  [
    '20',
    'verification failed: corrupt, not restorable, not what was recorded, not signed by a trusted key, or not as expected (--expect)',
  ],
  ['22', 'no such snapshot, or none in the store; no such key or revision in it'],
  ['23', 'refused for safety: nothing was changed'],
  ['24', 'a program that is needed is missing (etcd, etcdutl)'],
  ['25', '`diff --exit-code`: they differ; `put-back`: keys that differ still were left as they are'],
  ['30', 'etcd away, without quorum, refusing, too slow, or a wrong trailer; a retry may help'],
  ['31', 'store away, refusing or full; a retry may help'],
  ['130', 'interrupted (SIGINT)'],
  ['143', 'terminated (SIGTERM)'],
];
