/**
 * Runs one command: options, signals and deadline, the job, its result. The process ends with 0 only when a result
 * was returned and printed; a promise that never settles, an empty event loop or a lost rejection ends it with 1.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { deadline } from '../deadline.ts';
import { SnapbackError } from '../errors.ts';
import type { Level } from '../log.ts';
import type { Command } from './command.ts';
import { exitCode } from './exit-code.ts';
import { withGrace } from './grace.ts';
import { onLost, unforeseen } from './lost.ts';
import type { Options, Values } from './option.ts';
import { everywhere } from './options.ts';
import { printer } from './output.ts';
import { asked, type Given, type Resolved, resolve } from './resolve.ts';
import { type OpenRows, openRows } from './rows.ts';
import { onSignals } from './signals.ts';
import { telling } from './telling.ts';

export type Call = {
  flags: Map<string, string[]>;
  args: string[];
  env: NodeJS.ProcessEnv;
  config: () => Promise<Given['config']>;
  /** All commands, for the one that tells about the others. */
  commands: () => Promise<Command[]>;
};

type Ending<R> = { result: R | null; error: SnapbackError | null };
type Held = { rows: OpenRows | null };

// A handle that somebody forgot to close must not keep the process once everything is told.
const leftoverLimit = 100;

/** Settles when everything is printed and the exit code is set; never rejects. */
export const run = async <O extends Options, R>(command: Command<O, R>, call: Call): Promise<void> => {
  process.exitCode = 1;
  const given: Given = { flags: call.flags, env: call.env, config: null };
  const held: Held = { rows: null };
  const finish = (ending: Ending<R>) => {
    process.off('exit', silent);
    print(command, given, ending, held);
    process.exitCode = exitCode(ending.error);
  };
  const silent = () => finish({ result: null, error: withoutResult(command.name) });
  process.once('exit', silent);
  const lost = onLost(command.name);
  const ending = await attempt(command, call, given, lost, held).catch((thrown: unknown) => ({
    result: null,
    error: unforeseen(command.name, thrown),
  }));
  finish(ending);
  lost.addEventListener('abort', () => {
    printer({ utc: false, debug: false }).error(command.name, lost.reason, '');
    process.exitCode = exitCode(lost.reason);
  });
  setTimeout(leave, leftoverLimit).unref();
};

// Whoever reads our pipe slowly still gets all of it.
const leave = () => process.stdout.write('', () => process.stderr.write('', () => process.exit()));

const withoutResult = (name: string): SnapbackError =>
  new SnapbackError('failed', {
    operation: name,
    object: `the ${name}`,
    reason: 'ended without a result',
    hint: 'What it was to do may be half done. Please report it.',
  });

const attempt = async <O extends Options, R>(
  command: Command<O, R>,
  call: Call,
  given: Given,
  lost: AbortSignal,
  held: Held,
): Promise<Ending<R>> => {
  given.config = await call.config();
  // Everything is resolved in one go, so that all complaints come at once.
  const resolved = resolve({ ...everywhere, ...command.options }, given);
  const common = resolved.values as Values<typeof everywhere>;
  const { values: settings, sources, texts } = resolved as Resolved<O>;
  using signals = onSignals(command.name);
  using limit = deadline(AbortSignal.any([signals.signal, lost]), common.commandTimeout, () =>
    tooLong(command.name, common.commandTimeout ?? 0),
  );
  using tell = await telling({
    level: common.logLevel as Level,
    format: common.logFormat,
    quiet: common.quiet,
  });
  const context = { signal: limit.signal, log: tell.log, notify: tell.notify, progress: tell.progress };
  const rows = openRows({
    command: command.name,
    field: command.rows ?? '',
    json: common.json,
    quiet: common.quiet,
    style: printing(command, given).style,
    signal: limit.signal,
    clear: tell.clear,
  });
  held.rows = rows;
  const { args, env, commands } = call;
  const invocation = { settings, sources, texts, args, env, commands, rows, json: common.json };
  const outcome = await withGrace(command.run(invocation, context), limit.signal, signals.hurry);
  // Node tells of a rejection that nobody awaited only once the microtasks are done.
  await nextTurn();
  if (lost.aborted && limit.signal.reason === lost.reason) throw lost.reason;
  // A job that ended well although it was told to stop did all its work: the result stands.
  return outcome;
};

const tooLong = (name: string, milliseconds: number): SnapbackError =>
  new SnapbackError('failed', {
    operation: name,
    object: `the ${name}`,
    reason: `took longer than --command-timeout allows (${milliseconds / 1000} s)`,
    hint: 'Allow it more time, or look for what is slow with --log-level debug.',
  });

const printing = <O extends Options, R>({ options }: Command<O, R>, given: Given) =>
  printer({
    utc: options.utc !== undefined && asked(options.utc, given) === true,
    debug: asked(everywhere.logLevel, given) === 'debug',
  });

const print = <O extends Options, R>(
  command: Command<O, R>,
  given: Given,
  { result, error }: Ending<R>,
  { rows }: Held,
): void => {
  const out = printing(command, given);
  if (asked(everywhere.json, given)) {
    if (rows?.document(result as object | null, error)) return;
    const empty = command.rows === undefined ? {} : { [command.rows]: [] };
    out.document(command.name, result && { ...empty, ...result }, error);
    return;
  }
  rows?.flush();
  const quiet = asked(everywhere.quiet, given);
  if (result !== null) out.result(quiet ? command.quiet(result) : command.text(result, out.style));
  if (error && result !== null && command.verdict) out.exit(error);
  else if (error) out.error(command.name, error, result === null ? (command.nothing ?? '') : '');
};
