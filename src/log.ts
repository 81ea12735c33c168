/**
 * The logger's interface and its writers. Everything that is logged goes to stderr (the stream is handed in);
 * results never do. No field of a log line may hold a secret.
 */
import type { Writable } from 'node:stream';

export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Record<string, string | number | boolean | null>;

export type Log = {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
};

const order: Level[] = ['debug', 'info', 'warn', 'error'];

const logger = (lowest: Level, write: (level: Level, message: string, fields: Fields) => void): Log => {
  const at =
    (level: Level) =>
    (message: string, fields: Fields = {}) => {
      if (order.indexOf(level) >= order.indexOf(lowest)) write(level, message, fields);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
};

/** Plain lines for a person; `paint` may colour a line by its level. Debug lines carry their fields. */
export const textLog = (
  out: Writable,
  lowest: Level,
  paint: (level: Level, line: string) => string = (_, line) => line,
): Log =>
  logger(lowest, (level, message, fields) => {
    const prefix = level === 'warn' ? 'warning: ' : level === 'error' ? 'error: ' : '';
    const more = lowest === 'debug' && Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
    out.write(`${paint(level, `${prefix}${message}${more}`)}\n`);
  });

/** One JSON document a line: `time` (RFC 3339), `level`, `message` and the fields. */
export const jsonLog = (out: Writable, lowest: Level): Log =>
  logger(lowest, (level, message, fields) => {
    out.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
  });

/** Writes nothing. */
export const silentLog: Log = logger('error', () => {});
