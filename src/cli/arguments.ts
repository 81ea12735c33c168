/** The command line in the order and the form that the parser takes. */
import { unknownOption } from './mistake.ts';
import { nextWords } from './next-words.ts';
import type { Option } from './option.ts';

export type Arranged = {
  /** The words of the command: `save`, `tools install`; none where only options are given. */
  words: string[];
  /** Options and arguments, in the order in which they were given. */
  rest: string[];
};

/** What the program itself takes, with a command or without one. */
export const programFlags = ['-h', '--help', '--version'];

/**
 * Takes the words of the command out from among the options, which may stand before them as etcdctl allows, and gives
 * every bare switch its value: `--quiet` is `--quiet=true`, while the word after it is an argument, as etcdctl's own
 * parser has it (github.com/spf13/pflag, NoOptDefVal). `options` tells which flags take a value, and so which words
 * are values. After `--` nothing is a flag. Throws `usage` for a flag that nobody knows before the command is there:
 * whether the next word is its value cannot be told.
 */
export const arrange = (argv: string[], names: string[], options: Option<unknown>[]): Arranged => {
  const takesValue = new Map(options.map(option => [`--${option.flag}`, option.value !== null]));
  const words: string[] = [];
  const rest: string[] = [];
  const isComplete = () => nextWords(words, names).length === 0;
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const [flag = ''] = word.split('=', 1);
    if (word === '--') {
      rest.push(...argv.slice(at));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      if (word === 'help' && words.length === 0) return helpOn(argv.slice(at + 1));
      (isComplete() ? rest : words).push(word);
    } else if (!takesValue.has(flag)) {
      if (!isComplete() && !programFlags.includes(word))
        throw unknownOption(word, [...takesValue.keys(), ...programFlags]);
      rest.push(word);
    } else if (word !== flag) rest.push(word);
    else if (takesValue.get(flag)) {
      rest.push(...argv.slice(at, at + 2));
      at += 1;
    } else rest.push(`${flag}=true`);
  }
  return { words, rest };
};

/** `help save` is `save --help`. */
const helpOn = (words: string[]): Arranged => ({
  words: words.filter(word => !word.startsWith('-')),
  rest: ['--help'],
});
