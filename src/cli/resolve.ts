/**
 * The one place where it is decided what an option is: flag, then environment (the program's own variable before
 * those of others), then config file, then preset, then default. All complaints come at once.
 */
import { SnapbackError } from '../errors.ts';
import type { Option, Options, Values } from './option.ts';

export type Source = 'flag' | 'environment' | 'config' | 'preset' | 'default';

export type Resolved<O extends Options> = {
  values: Values<O>;
  sources: { [K in keyof O]: Source };
  /** As each was written, by its long flag; not what is a default. */
  texts: Record<string, string[]>;
};

export type Given = {
  /** Texts by flag; a switch that is set is `['true']`. */
  flags: Map<string, string[]>;
  env: NodeJS.ProcessEnv;
  /** The parsed config file, with what is wrong with its keys; null where there is none. */
  config: { file: string; content: Record<string, unknown>; complaints: Complaint[] } | null;
};

/** The reason reads on from the object. */
export type Complaint = { object: string; reason: string };

/** Throws `usage` with every complaint there is, those about the config file's keys first. */
export const resolve = <O extends Options>(options: O, given: Given): Resolved<O> => {
  const complaints: Complaint[] = [...(given.config?.complaints ?? [])];
  const values: Record<string, unknown> = {};
  const sources: Record<string, Source> = {};
  const texts: Record<string, string[]> = {};
  const filled = filledIn(options, given);
  for (const [name, option] of Object.entries(options)) {
    const found = find(option, given, complaints) ?? preset(option, filled);
    sources[name] = found?.source ?? 'default';
    values[name] = option.fallback;
    if (!found) continue;
    texts[option.flag] = found.texts;
    try {
      values[name] = option.parse(found.texts);
    } catch (error) {
      const quoted = option.secret ? '' : ` "${found.texts.join(',')}"`;
      complaints.push({ object: `${found.name}${quoted}`, reason: (error as Error).message });
    }
  }
  const [first, ...others] = complaints;
  if (first)
    throw new SnapbackError('usage', {
      operation: 'read the options',
      object: first.object,
      reason: [first.reason, ...others.map(other => `${other.object} ${other.reason}`)].join('; '),
      hint: 'See --help for what each option takes.',
    });
  return { values, sources, texts } as Resolved<O>;
};

/** One option on its own, before it is known whether all can be resolved: its fallback where it cannot. */
export const asked = <T>(option: Option<T>, given: Given): T => {
  const found = find(option, given, []);
  try {
    return found ? option.parse(found.texts) : option.fallback;
  } catch {
    return option.fallback;
  }
};

type Found = { source: Source; name: string; texts: string[] };

const find = (option: Option<unknown>, given: Given, complaints: Complaint[]): Found | null => {
  const flag = given.flags.get(option.flag);
  if (flag) return { source: 'flag', name: `--${option.flag}`, texts: split(option, flag) };
  for (const name of [environmentName(option), ...option.env]) {
    const text = given.env[name];
    // An empty variable is how a shell or a manifest says "not set", as it is for etcdctl.
    if (text) return { source: 'environment', name, texts: split(option, [text]) };
  }
  const value = option.inConfig ? given.config?.content[option.flag] : undefined;
  if (value === undefined || value === null) return null;
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  if (texts.length === 0) return null;
  if (texts.some(text => typeof text === 'object' || (Array.isArray(value) && option.many === 'no'))) {
    complaints.push({ object: `${option.flag} in ${given.config?.file}`, reason: 'is not a plain value' });
    return null;
  }
  return {
    source: 'config',
    name: `${option.flag} in ${given.config?.file}`,
    texts: split(option, texts.map(String)),
  };
};

/** What the preset that is asked for says: texts by flag. */
const filledIn = (options: Options, given: Given): Record<string, string> => {
  for (const option of Object.values(options)) {
    const choice = option.fills && asked(option, given);
    if (typeof choice === 'string') return option.fills?.[choice] ?? {};
  }
  return {};
};

const preset = (option: Option<unknown>, filled: Record<string, string>): Found | null => {
  const text = filled[option.flag];
  return text === undefined
    ? null
    : { source: 'preset', name: `${option.flag} of the preset`, texts: split(option, [text]) };
};

/** `--dial-timeout` is `SNAPBACK_DIAL_TIMEOUT`. */
export const environmentName = (option: Option<unknown>): string =>
  `SNAPBACK_${option.flag.replaceAll('-', '_').toUpperCase()}`;

const split = (option: Option<unknown>, texts: string[]): string[] =>
  option.many === 'comma' ? texts.flatMap(text => text.split(',')).map(text => text.trim()) : texts;
