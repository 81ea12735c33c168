/** What a shell can complete, gathered from the tables of commands and options. */
import { type Command, optionsOf } from './command.ts';
import { nextWords } from './next-words.ts';
import type { Option } from './option.ts';

export type CompletionOption = {
  /** With its dashes. */
  flag: string;
  help: string;
  takes: 'nothing' | 'text' | 'file' | 'folder';
  /** The words that its value can be; empty where it can be anything. */
  choices: string[];
};

export type CompletionCommand = {
  /** As it is typed after `snapback`; empty for the program itself. */
  path: string;
  summary: string;
  /** What can follow: commands, or the words that an argument can be. */
  words: { word: string; summary: string }[];
  options: CompletionOption[];
};

/** The program itself first, then groups such as `tools`, then the commands, in the order of the table. */
export const completionOf = (commands: Command[]): CompletionCommand[] => {
  const groups = new Set(['', ...commands.map(({ name }) => name.split(' ').slice(0, -1).join(' '))]);
  const help = { flag: '--help', help: 'print the help', takes: 'nothing' as const, choices: [] };
  return [
    ...[...groups].map(path => ({
      path,
      summary: '',
      words: following(path, commands),
      options: [help],
    })),
    ...commands.map(command => ({
      path: command.name,
      summary: command.summary,
      words: argumentWords(command.args),
      options: [...optionsOf([command]).map(completed), help],
    })),
  ];
};

const following = (path: string, commands: Command[]): CompletionCommand['words'] => {
  const begun = path === '' ? [] : path.split(' ');
  const next = nextWords(
    begun,
    commands.map(({ name }) => name),
  );
  const words = next.map(word => {
    const name = [...begun, word].join(' ');
    return { word, summary: commands.find(command => command.name === name)?.summary ?? '' };
  });
  return path === '' ? [...words, { word: 'help', summary: 'print the help of a command' }] : words;
};

/** `<bash|zsh|fish>` names the words of an argument; other arguments can be anything. */
const argumentWords = (args: string): CompletionCommand['words'] =>
  args.includes('|')
    ? args
        .replaceAll(/[<>[\]]/g, '')
        .split('|')
        .map(word => ({ word, summary: '' }))
    : [];

const completed = ({ flag, help, value, schema }: Option<unknown>): CompletionOption => ({
  flag: `--${flag}`,
  help,
  takes: value === null ? 'nothing' : value === 'FILE' ? 'file' : value === 'DIR' ? 'folder' : 'text',
  choices: Array.isArray(schema.enum) ? schema.enum.map(String) : [],
});
