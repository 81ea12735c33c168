/**
 * An option, however it is given: as a flag, an environment variable, a key of the config file, or not at all. Its
 * texts are parsed in one way wherever they come from. A parser throws an Error whose message reads on from the
 * text: `is not a duration`.
 */
import parseDuration from 'parse-duration';
import { nonEmpty, toBoolean } from '../setting-text.ts';

export type Option<T> = {
  /** The long flag without its dashes; also the key of the config file. */
  flag: string;
  /** The placeholder of its value in `--help`; null for a switch. */
  value: string | null;
  help: string;
  /** Environment variables beside `SNAPBACK_<FLAG>`, read after it. */
  env: string[];
  /** How several values are given: not at all, by repeating the flag, or (also) separated by commas. */
  many: 'no' | 'repeat' | 'comma';
  /** False for what may not stand in a config file. */
  inConfig: boolean;
  /** What each of its choices says of other options, texts by flag; anything that is given outweighs it. */
  fills?: Record<string, Record<string, string>>;
  /** True for what holds a password: a complaint about it does not quote it. */
  secret?: boolean;
  parse(texts: string[]): T;
  fallback: T;
  /** JSON Schema of the value in the config file. */
  schema: Record<string, unknown>;
};

export type Options = Record<string, Option<unknown>>;
export type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never };

type Given<T> = {
  flag: string;
  help: string;
  fallback: T;
  value?: string;
  env?: string[];
  inConfig?: boolean;
  secret?: boolean;
  fills?: Record<string, Record<string, string>>;
};

const single = <T, F>(
  given: Given<F>,
  parse: (text: string) => T,
  schema: Record<string, unknown>,
): Option<T | F> => ({
  value: 'VALUE',
  env: [],
  inConfig: true,
  ...given,
  many: 'no',
  parse: texts => parse(texts.at(-1) ?? ''),
  schema,
});

export const textOption = <F extends string | null>(given: Given<F>): Option<string | F> =>
  single(given, text => nonEmpty(text), { type: 'string' });

export const listOption = (given: Given<string[]> & { comma?: boolean }): Option<string[]> => ({
  value: 'VALUE',
  env: [],
  inConfig: true,
  ...given,
  many: given.comma ? 'comma' : 'repeat',
  parse: texts => texts.map(nonEmpty),
  schema: { type: ['string', 'array'], items: { type: 'string' } },
});

export const switchOption = <F extends boolean | null>(given: Given<F>): Option<boolean | F> => ({
  ...single(given, toBoolean, { type: 'boolean' }),
  value: null,
});

export const choiceOption = <const C extends string, const F extends C | null>(
  given: Given<F> & { choices: readonly C[] },
): Option<C | F> => {
  const { choices, ...rest } = given;
  const parse = (text: string): C => {
    const found = choices.find(choice => choice === text);
    if (found === undefined) throw new Error(`is not one of ${choices.join(', ')}`);
    return found;
  };
  return single({ value: choices.join('|'), ...rest }, parse, { enum: [...choices] });
};

export const numberOption = <F extends number | null>(
  given: Given<F> & { least?: number; most?: number },
): Option<number | F> => {
  const { least = 0, most = Number.MAX_SAFE_INTEGER, ...rest } = given;
  const parse = (text: string): number => {
    if (!/^\d{1,15}$/.test(text) || Number(text) < least || Number(text) > most)
      throw new Error(`is not a whole number from ${least}${given.most === undefined ? '' : ` to ${most}`}`);
    return Number(text);
  };
  const schema = { type: 'integer', minimum: least, ...(given.most === undefined ? {} : { maximum: most }) };
  return single({ value: 'N', ...rest }, parse, schema);
};

/** Milliseconds, from Go's durations with `d` and `w` beside them: `5s`, `1h30m`, `8d`. */
export const durationOption = <F extends number | null>(given: Given<F>): Option<number | F> =>
  single({ value: 'DURATION', ...given }, toMilliseconds, { type: 'string' });

/** Anything else that is written as one word. */
export const wordOption = <T, F>(given: Given<F> & { parse(text: string): T }): Option<T | F> => {
  const { parse, ...rest } = given;
  return single(rest, parse, { type: ['string', 'number'] });
};

export const toMilliseconds = (text: string): number => {
  // The library also takes words and signs, which Go does not: the form is checked first.
  const form = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d|w))+$/;
  const milliseconds = form.test(text) ? parseDuration(text) : null;
  if (milliseconds === null || milliseconds === undefined || milliseconds <= 0)
    throw new Error('is not a duration such as 5s, 1h30m, 8d or 2w');
  return milliseconds;
};
