/** What crosses between who asks and the thread that answers (thread.ts, answering.ts). */
import { type Details, isSnapbackError, messageOf, SnapbackError } from '../errors.ts';

export type Order = {
  question: string;
  input: unknown;
  name: string;
  /** How many parts have been worked off: one number that both sides see. */
  acknowledged: Int32Array;
};

export type Reply = { part: unknown } | { answer: unknown } | { error: Described };

type Described = { code: SnapbackError['code'] | null; details: Details; stack: string | undefined };

/** An error as plain data; what went wrong underneath goes as its text. */
export const describeError = (error: unknown): Described => ({
  code: isSnapbackError(error) ? error.code : null,
  details: isSnapbackError(error)
    ? {
        operation: error.operation,
        object: error.object,
        reason: error.reason,
        hint: error.hint ?? undefined,
        cause: error.cause === undefined ? undefined : new Error(messageOf(error.cause)),
      }
    : { operation: '', object: '', reason: messageOf(error) },
  stack: error instanceof Error ? error.stack : undefined,
});

/** The error again; a foreign one as an Error with the same text and stack. */
export const revive = ({ code, details, stack }: Described): Error => {
  const error = code === null ? new Error(details.reason) : new SnapbackError(code, details);
  if (stack !== undefined) error.stack = stack;
  return error;
};

/**
 * The same data with each buffer in memory of its own: else all that a view is a view of would cross with it. Plain
 * objects, arrays and maps are looked into.
 */
export const detached = (data: unknown): unknown => {
  if (ArrayBuffer.isView(data)) {
    const { buffer, byteOffset, byteLength } = data;
    if (byteLength === buffer.byteLength) return data;
    if (!(data instanceof Uint8Array)) throw new Error('only buffers of bytes can be views of larger ones');
    return Uint8Array.prototype.slice.call(new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (Array.isArray(data)) return data.map(detached);
  if (data instanceof Map) return new Map([...data].map(([key, value]) => [key, detached(value)]));
  if (typeof data === 'object' && data !== null)
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, detached(value)]));
  return data;
};
