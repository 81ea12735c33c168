/** What a person expects of a good backup, beside that it restores. */

/** `text` is how it was written, and how it is named wherever it is told. */
export type Expectation = { text: string } & (
  | ({ kind: 'keys' } & Bound)
  /** How many keys begin with it. */
  | ({ kind: 'prefix'; prefix: string } & Bound)
  | { kind: 'key'; key: string }
  /** Milliseconds. */
  | { kind: 'age'; most: number }
  /** Bytes of the database. */
  | ({ kind: 'size' } & Bound)
  /** By how much keys and size may be less than in the good snapshot before it. */
  | { kind: 'shrink'; percent: number }
  /** By how much each resource of Kubernetes, or each prefix, may be less than there. */
  | { kind: 'shrink-by-prefix'; percent: number }
);

type Bound = { operator: '>=' | '<='; number: number };

/** True where it is a comparison with the good snapshot before. */
export const needsPrevious = (expectations: Expectation[]): boolean =>
  expectations.some(({ kind }) => kind === 'shrink' || kind === 'shrink-by-prefix');
