/**
 * The program's one error class. An error says what was tried (`operation`), on what (`object`), why it
 * failed (`reason`) and what to do next (`hint`); what went wrong underneath stays in `cause`.
 *
 * The codes are closed and public: `--json` prints them and the exit codes are made from them.
 */

export type Code =
  | 'failed'
  | 'usage'
  | 'integrity'
  | 'stale'
  | 'not-found'
  | 'refused'
  | 'missing-program'
  | 'different'
  | 'etcd'
  | 'store'
  | 'aborted';

export type Details = {
  /** What was tried, as an infinitive phrase: `connect`, `read the manifest`, `restore`. */
  operation: string;
  /** On what, so that it can be found: `etcd https://10.0.0.1:2379`, `snapshot 2026…`, `folder /x`. */
  object: string;
  /** Why it failed; reads on from the object: `did not answer within 5 s (connection refused)`. */
  reason: string;
  /** What to do next, in whole sentences; left out only where nothing can be done. */
  hint?: string;
  cause?: unknown;
  /** For `aborted`: the signal that ended the program. */
  signal?: 'SIGINT' | 'SIGTERM';
};

// A symbol of the global registry, so that an error made by a second copy of this file is recognised too.
const brand = Symbol.for('etcd-snapback.error');

export class SnapbackError extends Error {
  readonly code: Code;
  readonly operation: string;
  readonly object: string;
  readonly reason: string;
  readonly hint: string | null;
  readonly signal: 'SIGINT' | 'SIGTERM' | null;

  constructor(code: Code, details: Details) {
    super(`${details.operation}: ${details.object} ${details.reason}`, { cause: details.cause });
    this.name = 'SnapbackError';
    this.code = code;
    this.operation = details.operation;
    this.object = details.object;
    this.reason = details.reason;
    this.hint = details.hint ?? null;
    this.signal = details.signal ?? null;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for an error of this program, whichever copy of the class made it. */
export const isSnapbackError = (error: unknown): error is SnapbackError =>
  typeof error === 'object' && error !== null && brand in error;

/**
 * The one door for foreign errors. An error of this program passes unchanged; an AbortError gives the reason
 * of its signal (the first reason wins); anything else becomes `code` with the given details, its text as the
 * reason where none is given.
 */
export const from = (
  error: unknown,
  code: Code,
  details: Omit<Details, 'reason' | 'cause'> & { reason?: string },
): SnapbackError => {
  const known = knownWithin(error);
  if (known) return known;
  return new SnapbackError(code, { ...details, reason: details.reason ?? messageOf(error), cause: error });
};

/** The same error, stack and all, with another hint: for who knows better than the room that failed what to do next. */
export const withHint = (error: SnapbackError, hint: string): SnapbackError => {
  const { code, operation, object, reason, signal, cause, stack } = error;
  const told = new SnapbackError(code, {
    operation,
    object,
    reason,
    hint,
    cause,
    signal: signal ?? undefined,
  });
  told.stack = stack;
  return told;
};

const knownWithin = (error: unknown): SnapbackError | null => {
  if (isSnapbackError(error)) return error;
  const aborted = error instanceof Error && (error.name === 'AbortError' || 'cause' in error);
  return aborted && isSnapbackError(error.cause) ? error.cause : null;
};

/** The text of anything that was thrown, in one line. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message || error.name : String(error)).replaceAll(/\s*\n\s*/g, '; ');

/** An error as `--json` prints it; `cause` is the reason. */
export type ErrorFields = {
  code: Code;
  operation: string;
  object: string;
  cause: string;
  hint: string | null;
};

export const errorFields = ({ code, operation, object, reason, hint }: SnapbackError): ErrorFields => ({
  code,
  operation,
  object,
  cause: reason,
  hint,
});
