/** What a shell can complete, gathered from the tables of commands and options. */
import type { Command } from './command.ts';
import type { Option } from './option.ts';
import { everywhere } from './options.ts';

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
      words: nextWords(path, commands),
      options: [help],
    })),
    ...commands.map(({ name, summary, args, options }) => ({
      path: name,
      summary,
      words: argumentWords(args),
      options: [...Object.values({ ...options, ...everywhere }).map(completed), help],
    })),
  ];
};

const nextWords = (path: string, commands: Command[]): CompletionCommand['words'] => {
  const start = path === '' ? '' : `${path} `;
  const words = new Map<string, string>();
  for (const { name, summary } of commands) {
    if (!name.startsWith(start)) continue;
    const [word = '', ...more] = name.slice(start.length).split(' ');
    if (!words.has(word)) words.set(word, more.length === 0 ? summary : '');
  }
  if (path === '') words.set('help', 'print the help of a command');
  return [...words].map(([word, summary]) => ({ word, summary }));
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
