/** The parser: how a command's options and arguments are read, and its `--help`. It decides no value: resolve.ts does. */
import { readFileSync } from 'node:fs';
import { Command as Parser, Option as ParserOption } from 'commander';
import { type Command, optionsOf } from './command.ts';
import { exitTable } from './exit-code.ts';
import type { Option } from './option.ts';
import { environmentName } from './resolve.ts';

/** What was given to a command, before it is decided what that means. */
export type Parsed = { flags: Map<string, string[]>; args: string[] };

type Act = (command: Command, parsed: Parsed) => Promise<void>;

/**
 * A parser of arranged words that knows all commands and the options of the one that is called. It prints help and the
 * version, calls `act` with what was given to the command, and throws commander's errors, also for a printed help.
 */
export const newParser = (
  entries: { name: string; summary: string }[],
  called: Command | null,
  act: Act,
): Parser => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const parser = settle(new Parser('snapback'))
    .description('Back up etcd, keep the backups under a retention policy, and prove that they restore.')
    .version(version, '--version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', `\nExit codes:\n${exitLines()}`);
  for (const { name, summary } of entries) {
    const node = name
      .split(' ')
      .reduce((at, word) => at.commands.find(one => one.name() === word) ?? child(at, word), parser);
    node.description(summary);
    if (called?.name === name) teach(node, called, act);
  }
  return parser;
};

// What a group of commands keeps; a command's own summary takes its place.
const child = (parent: Parser, word: string): Parser =>
  settle(parent.command(word)).description(`a group of commands: snapback ${word} COMMAND`);

const settle = (node: Parser): Parser =>
  node
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();

const teach = (node: Parser, command: Command, act: Act): void => {
  if (command.args !== '') node.arguments(command.args);
  const options = optionsOf([command]);
  for (const option of options) node.addOption(parserOption(option));
  node.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map(line => `  ${line}`).join('\n')}\n\nExit codes:\n${exitLines()}`,
  );
  node.action(() => act(command, { flags: flagsOf(node, options), args: node.args }));
};

/** Texts by flag. The parser holds no defaults: what was not given is not there. */
const flagsOf = (node: Parser, options: Option<unknown>[]): Map<string, string[]> =>
  new Map(
    options.flatMap((option): [string, string[]][] => {
      const value: string | string[] | undefined = node.getOptionValue(parserOption(option).attributeName());
      return value === undefined ? [] : [[option.flag, [value].flat()]];
    }),
  );

const parserOption = (option: Option<unknown>): ParserOption => {
  const variable = option.env[0] ?? environmentName(option);
  const flags = option.value === null ? `--${option.flag}` : `--${option.flag} <${option.value}>`;
  const made = new ParserOption(flags, `${option.help} [$${variable}]`);
  // Arranged words give every switch a value, and `--no-discover` is a switch of that name, not the end of another.
  Object.assign(made, { required: true, negate: false });
  return option.many === 'no'
    ? made
    : made.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
};

const exitLines = (): string =>
  exitTable.map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`).join('\n');
