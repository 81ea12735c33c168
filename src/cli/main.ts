/** From the process's arguments to one command, or to the sentence that says what is wrong with them. */
import { CommanderError } from 'commander';
import { from, type SnapbackError } from '../errors.ts';
import { arrange, programFlags } from './arguments.ts';
import { type Command, optionsOf } from './command.ts';
import { commands } from './commands.ts';
import { readConfig } from './config-file.ts';
import { exitCode } from './exit-code.ts';
import { noCommand, parserMistake } from './mistake.ts';
import { nextWords } from './next-words.ts';
import { everywhere } from './options.ts';
import { printer } from './output.ts';
import { newParser, type Parsed } from './parser.ts';
import { asked } from './resolve.ts';
import { run } from './run.ts';

/** Starts the program with the process's own arguments. */
export const main = async (): Promise<void> => {
  process.exitCode = 1;
  process.stdout.on('error', ignoreClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  const argv = process.argv.slice(2);
  let called: Command | null = null;
  try {
    const loaded = await Promise.all(candidates(argv).map(({ load }) => load()));
    const names = commands.map(({ name }) => name);
    const { words, rest } = arrange(argv, names, optionsOf(loaded));
    const path = words.join(' ');
    called = loaded.find(({ name }) => name === path) ?? null;
    const parser = newParser(commands, called, start);
    if (argv.length === 0) {
      parser.outputHelp();
      process.exitCode = 2;
      return;
    }
    // Without a command nothing but the program's own flags means anything.
    const given = called ? rest : rest.filter(word => programFlags.includes(word));
    if (!called && (given.length === 0 || nextWords(words, names).length === 0))
      throw noCommand(words, names);
    await parser.parseAsync([...words, ...given], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) process.exitCode = 0;
    else refuse(argv, called, thrown);
  }
};

// `snapback list | head` closes the pipe early: that is no failure of ours to tell about.
const ignoreClosedPipe = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
};

/** The commands that can be meant: all of them only where an option comes first. */
const candidates = (argv: string[]): typeof commands => {
  const word = (argv[0] === 'help' ? argv[1] : argv[0]) ?? '';
  return commands.filter(({ name }) => word.startsWith('-') || name.split(' ')[0] === word);
};

const start = async (command: Command, { flags, args }: Parsed): Promise<void> => {
  const { env } = process;
  const named = asked(everywhere.config, { flags, env, config: null });
  const config = async () => readConfig(named, allKeys);
  await run(command, { flags, args, env, config, commands: allCommands });
};

const allCommands = (): Promise<Command[]> => Promise.all(commands.map(entry => entry.load()));

const allKeys = async (): Promise<string[]> =>
  optionsOf(await allCommands())
    .filter(({ inConfig }) => inConfig)
    .map(({ flag }) => flag);

const refuse = (argv: string[], called: Command | null, thrown: unknown): void => {
  const error = refusal(called, thrown);
  const out = printer({ utc: false, debug: false });
  const json = argv.filter(word => /^--json(=|$)/.test(word)).map(word => word.slice(7) || 'true');
  const flags = new Map(json.length > 0 ? [['json', json]] : []);
  if (asked(everywhere.json, { flags, env: process.env, config: null }))
    out.document(called?.name ?? 'snapback', null, error);
  else out.error('snapback', error, '');
  process.exitCode = exitCode(error);
};

const refusal = (called: Command | null, thrown: unknown): SnapbackError => {
  if (!(thrown instanceof CommanderError))
    return from(thrown, 'failed', { operation: 'start', object: 'snapback' });
  const flags = called ? optionsOf([called]).map(({ flag }) => `--${flag}`) : [];
  return parserMistake(thrown, [...flags, ...programFlags], called?.name ?? '');
};
