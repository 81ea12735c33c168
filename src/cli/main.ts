/** The table of commands and the parser. Only the command that is called is loaded. */
import { readFileSync } from 'node:fs';
import { CommanderError, Command as Parser, Option as ParserOption } from 'commander';
import { from, SnapbackError } from '../errors.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import { readConfig } from './config-file.ts';
import { exitCode, exitTable } from './exit-code.ts';
import type { Option, Options } from './option.ts';
import { everywhere } from './options.ts';
import { printer } from './output.ts';
import { environmentName, nearest } from './resolve.ts';
import { run } from './run.ts';

/** Starts the program with the process's own arguments. */
export const main = async (): Promise<void> => {
  process.exitCode = 1;
  process.stdout.on('error', ignoreClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  const argv = process.argv.slice(2);
  try {
    const parser = await buildParser(argv);
    if (argv.length === 0) {
      parser.outputHelp();
      process.exitCode = 2;
      return;
    }
    // Asked for help on what is no command, the parser would print the help of all.
    const word = argv[0] === 'help' ? argv[1] : argv[0];
    if (word && !word.startsWith('-') && !parser.commands.some(child => child.name() === word))
      parser.error(unknownCommand(word, parser));
    await parser.parseAsync(argv, { from: 'user' });
  } catch (error) {
    // `help COMMAND` ends with the process's exit code, which is a failure until proven.
    const helped = error instanceof CommanderError && error.code === 'commander.help' && argv[0] === 'help';
    if (helped || (error instanceof CommanderError && error.exitCode === 0)) {
      process.exitCode = 0;
      return;
    }
    usage(argv, error);
  }
};

const unknownCommand = (word: string, parser: Parser): string => {
  const near = nearest(
    word,
    parser.commands.map(child => child.name()),
  );
  return `unknown command '${word}'${near ? ` (did you mean ${near}?)` : ''}`;
};

// `snapback list | head` closes the pipe early: that is no failure of ours to tell about.
const ignoreClosedPipe = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
};

const buildParser = async (argv: string[]): Promise<Parser> => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const parser = new Parser('snapback')
    .description('Back up etcd, keep the backups under a retention policy, and prove that they restore.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError(true)
    .addHelpText('after', `\nExit codes:\n${exitLines()}`)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  const words = argv[0] === 'help' ? argv.slice(1) : argv;
  for (const entry of commands) {
    const path = entry.name.split(' ');
    const node = path.reduce(
      (at, word) => at.commands.find(child => child.name() === word) ?? addNode(at, word),
      parser,
    );
    node.description(entry.summary);
    if (path.every((word, i) => words[i] === word)) addOptions(node, await entry.load());
  }
  return parser;
};

const addNode = (parent: Parser, word: string): Parser =>
  parent
    .command(word)
    .helpOption('--help', 'print this help')
    .configureOutput({ outputError: () => {} })
    .exitOverride();

const addOptions = (node: Parser, command: Command): void => {
  if (command.args !== '') node.arguments(command.args);
  const options: Options = { ...command.options, ...everywhere };
  for (const option of Object.values(options)) node.addOption(parserOption(option));
  node.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map(line => `  ${line}`).join('\n')}\n\nExit codes:\n${exitLines()}`,
  );
  node.action(async () => {
    const flags = flagsOf(node, options);
    const named = flags.get('config')?.at(-1) ?? (process.env.SNAPBACK_CONFIG || null);
    const config = async () => readConfig(named, allKeys);
    await run(command, { flags, args: node.args, env: process.env, config, commands: allCommands });
  });
};

/** The parser holds no defaults: what was not given is not there. */
const flagsOf = (node: Parser, options: Options): Map<string, string[]> => {
  const flags = new Map<string, string[]>();
  for (const option of Object.values(options)) {
    const attribute = parserOption(option).attributeName();
    if (node.getOptionValueSource(attribute) !== 'cli') continue;
    const value: unknown = node.getOptionValue(attribute);
    flags.set(option.flag, Array.isArray(value) ? value : [typeof value === 'string' ? value : 'true']);
  }
  return flags;
};

const parserOption = (option: Option<unknown>): ParserOption => {
  const env = [environmentName(option), ...option.env].slice(
    option.env.length > 0 ? 1 : 0,
    option.env.length > 0 ? 2 : 1,
  );
  const flags = option.value === null ? `--${option.flag}` : `--${option.flag} <${option.value}>`;
  const made = new ParserOption(flags, `${option.help} [$${env[0]}]`);
  return option.many === 'no'
    ? made
    : made.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
};

const allCommands = (): Promise<Command[]> => Promise.all(commands.map(entry => entry.load()));

const allKeys = async (): Promise<string[]> => {
  const loaded = await allCommands();
  const options = [everywhere, ...loaded.map(command => command.options)].flatMap(group =>
    Object.values(group),
  );
  return [
    ...new Set((options as Option<unknown>[]).filter(option => option.inConfig).map(option => option.flag)),
  ];
};

const exitLines = (): string =>
  exitTable.map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`).join('\n');

// What was typed in a wrong place may be a password: neither the value of an unknown flag nor a stray word is quoted.
const reasonOf = ({ message }: CommanderError): string =>
  message
    .replace(/^error: /, '')
    .replace(/^(unknown option '[^=']*)=[\s\S]*?'(?=\s*(\(|$))/, "$1'")
    .replace(/^(too many arguments.*? but got \d+): [\s\S]*$/, '$1')
    .replaceAll('\n', ' ');

const usage = (argv: string[], thrown: unknown): void => {
  if (thrown instanceof CommanderError && thrown.code === 'commander.help') {
    process.exitCode = argv[0] === 'help' ? 0 : 2;
    return;
  }
  const error =
    thrown instanceof CommanderError
      ? new SnapbackError('usage', {
          operation: 'start',
          object: 'the command line',
          reason: `has a mistake: ${reasonOf(thrown)}`,
          hint: `See snapback ${commands.some(({ name }) => name === argv[0]) ? `${argv[0]} ` : ''}--help.`,
        })
      : from(thrown, 'failed', { operation: 'start', object: 'snapback' });
  const out = printer({ utc: false, debug: false });
  const named = commands.find(({ name }) => name.split(' ').every((word, i) => word === argv[i]));
  if (argv.includes('--json')) out.document(named?.name ?? 'snapback', null, error);
  else out.error('snapback', error, '');
  process.exitCode = exitCode(error);
};
