/** What a command prints: its result on stdout, everything else on stderr. */
import { errorFields, messageOf, type SnapbackError } from '../errors.ts';
import { printable } from '../report/printable.ts';
import type { Style } from '../report/style.ts';
import { exitCode, exitMeaning } from './exit-code.ts';
import { paints } from './paints.ts';

export type Printer = {
  style: Style;
  result(text: string): void;
  document(command: string, result: unknown, error: SnapbackError | null): void;
  error(command: string, error: SnapbackError, nothing: string): void;
  /** The exit code alone, where the result has said what was found. */
  exit(error: SnapbackError): void;
};

/** Colours follow the terminal and NO_COLOR; `debug` adds stack traces to errors. */
export const printer = (options: { utc: boolean; debug: boolean }): Printer => {
  const err = paints('stderr');
  return {
    style: {
      ...paints('stdout'),
      utc: options.utc,
      now: new Date(),
      columns: process.stdout.isTTY ? process.stdout.columns : null,
    },
    result: text => {
      if (text !== '') process.stdout.write(`${text}\n`);
    },
    document: (command, result, error) => {
      process.stdout.write(`${JSON.stringify(documentOf(command, result, error), null, 2)}\n`);
    },
    error: (command, error, nothing) => {
      const tried = error.operation === command ? '' : ` to ${error.operation}`;
      const lines = [
        err.bad(printable(`${command} failed${tried}: ${sentence(error)}.`)),
        ...(error.hint ? [printable(error.hint)] : []),
        err.dim(`${nothing ? `${nothing} ` : ''}${exitLine(error)}`),
        ...(options.debug ? [stack(error)] : []),
      ];
      process.stderr.write(`${lines.join('\n')}\n`);
    },
    exit: error => {
      process.stderr.write(`${err.dim(exitLine(error))}\n`);
    },
  };
};

/** The one document of `--json`. */
export const documentOf = (command: string, result: unknown, error: SnapbackError | null) => ({
  format: 1,
  command,
  ok: error === null,
  exit: exitCode(error),
  result: result ?? null,
  error: error && errorFields(error),
});

const exitLine = (error: SnapbackError): string => {
  const exit = exitCode(error);
  return `Exit ${exit} (${exitMeaning(exit)}).`;
};

const sentence = ({ object, reason }: SnapbackError): string =>
  `${object} ${reason}`.trim().replace(/\.$/, '');

const stack = (error: Error): string => {
  const cause =
    error.cause === undefined
      ? ''
      : `\ncaused by: ${error.cause instanceof Error ? error.cause.stack : messageOf(error.cause)}`;
  return `${error.stack}${cause}`;
};
