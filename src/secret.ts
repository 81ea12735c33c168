/** A password, key or token: whatever prints, logs or serialises it gets `[redacted]`; only `reveal` gives it. */
import { inspect } from 'node:util';

export type Secret = {
  reveal(): string;
  toString(): string;
  toJSON(): string;
};

export const secret = (text: string): Secret => {
  const redacted = () => '[redacted]';
  return Object.freeze({
    reveal: () => text,
    toString: redacted,
    toJSON: redacted,
    [inspect.custom]: redacted,
  });
};
