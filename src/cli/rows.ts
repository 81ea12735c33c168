/**
 * What a command prints while its job still runs: a list too long to be held, row by row, at the pace of whoever reads
 * stdout. With `--json` it is a list within the one document, which is then written around it.
 */
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SnapbackError } from '../errors.ts';
import type { Style } from '../report/style.ts';
import { documentOf } from './output.ts';

export type Rows = {
  style: Style;
  /** One row: `text` without `--json`, `bare` with `--quiet`. False when nobody reads any more, which is no failure. */
  row(value: unknown, text: { text: string; bare: string }): Promise<boolean>;
  /** Bytes as they are, for a command that prints nothing else. False as above. */
  bytes(chunk: Uint8Array): Promise<boolean>;
};

export type OpenRows = Rows & {
  /** Writes what is held back, at once. */
  flush(): void;
  /** The rest of the document; false where no row was printed, so that none has begun. */
  document(result: object | null, error: SnapbackError | null): boolean;
};

export type RowOptions = {
  command: string;
  /** The name of the list in the result. */
  field: string;
  json: boolean;
  quiet: boolean;
  style: Style;
  signal: AbortSignal;
  /** Takes away what stands on the terminal. */
  clear(): void;
};

const chunkSize = 64 * 1024;

export const openRows = (options: RowOptions): OpenRows => {
  const { command, field, json, quiet, style } = options;
  const out = stdout(options);
  let held = '';
  let any = false;
  const taken = (): string => {
    const chunk = held;
    held = '';
    return chunk;
  };
  return {
    style,
    flush: () => {
      process.stdout.write(taken());
    },
    bytes: out.write,
    row: async (value, { text, bare }) => {
      if (json) held += `${any ? ',' : opening(command, field)}\n${indented(value, '      ')}`;
      else held += `${quiet ? bare : text}\n`;
      any = true;
      return held.length < chunkSize ? !out.closed() : await out.write(taken());
    },
    document: (result, error) => {
      if (!any) return false;
      const { result: _, format: __, command: ___, ...rest } = documentOf(command, null, error);
      const others = Object.entries(result ?? {}).map(
        ([name, value]) => `,\n    ${JSON.stringify(name)}: ${indented(value, '    ').trimStart()}`,
      );
      const ending = JSON.stringify(rest, null, 2).slice(1);
      process.stdout.write(`${taken()}\n    ]${others.join('')}\n  },${ending}\n`);
      return true;
    },
  };
};

const opening = (command: string, field: string): string =>
  `${JSON.stringify({ format: 1, command }, null, 2).slice(0, -2)},\n  "result": {\n    ${JSON.stringify(field)}: [`;

const indented = (value: unknown, by: string): string =>
  by + JSON.stringify(value, null, 2).replaceAll('\n', `\n${by}`);

/** stdout with back pressure: `write` resolves when it may go on, false once its reader has gone. */
const stdout = ({ signal, clear }: RowOptions) => {
  const { stdout: stream } = process;
  let gone = false;
  // main.ts throws what is not a closed pipe.
  stream.on('error', () => {
    gone = true;
  });
  const write = async (chunk: string | Uint8Array): Promise<boolean> => {
    clear();
    if (!gone && chunk.length > 0 && !stream.write(chunk))
      await once(stream, 'drain', { signal }).catch(error => {
        if (!gone) throw error;
      });
    // So that signals are heard, and that the pipe is closed, however fast the rows come.
    await nextTurn();
    signal.throwIfAborted();
    return !gone;
  };
  return { write, closed: () => gone };
};
