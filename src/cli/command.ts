/** A command: its options, one call of a job, and how its result reads. One file each in commands/. */
import type { Context, Outcome } from '../job/context.ts';
import type { Style } from '../report/style.ts';
import type { Option, Options, Values } from './option.ts';
import { everywhere } from './options.ts';
import type { Source } from './resolve.ts';
import type { Rows } from './rows.ts';

export type Invocation<O extends Options> = {
  settings: Values<O>;
  sources: { [K in keyof O]: Source };
  /** What was given, as it was written, by the long flag. */
  texts: Record<string, string[]>;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** Loads all commands: for the one that tells about the others. */
  commands(): Promise<Command[]>;
  /** For a command that has `rows`. */
  rows: Rows;
  /** Whether one document is printed. */
  json: boolean;
};

export type Command<O extends Options = Options, R = unknown> = {
  /** As it is typed after `snapback`: `save`, `tools install`. */
  name: string;
  summary: string;
  /** In commander's notation: `[snapshot]`, `<minor>`, `[snapshot...]`. */
  args: string;
  options: O;
  examples: string[];
  run(invocation: Invocation<O>, context: Context): Promise<Outcome<R>>;
  text(result: R, style: Style): string;
  /** The list of the result that is printed while the job runs, and which the result itself is without. */
  rows?: string;
  /** The bare result for `--quiet`. */
  quiet(result: R): string;
  /** What is true when the job threw: `Nothing was stored.` */
  nothing?: string;
  /** True where the text of the result ends with the verdict itself, so that the error is not told a second time. */
  verdict?: boolean;
};

/** Ties the types of options, result and text together. */
export const command = <O extends Options, R>(definition: Command<O, R>): Command<O, R> => definition;

/** The options of these commands, each flag once, and behind them those that every command takes. */
export const optionsOf = (commands: Command[]): Option<unknown>[] => {
  const tables: Options[] = [...commands.map(({ options }) => options), everywhere];
  const options = tables.flatMap(table => Object.values(table));
  return [...new Map(options.map(option => [option.flag, option])).values()];
};
