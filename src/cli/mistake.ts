/** Mistakes of the command line, each a sentence with the nearest word that there is. */
import type { CommanderError } from 'commander';
import { SnapbackError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { nextWords } from './next-words.ts';

const mistake = (reason: string, command = ''): SnapbackError =>
  new SnapbackError('usage', {
    operation: 'start',
    object: 'the command line',
    reason: `has a mistake: ${reason}`,
    hint: `See snapback ${command && `${command} `}--help.`,
  });

/** Words that are no command: none, too few of them, or one that is unknown. `names` are all commands. */
export const noCommand = (words: string[], names: string[]): SnapbackError => {
  if (words.length === 0) return mistake('it names no command');
  const next = nextWords(words, names);
  const path = words.join(' ');
  if (next.length > 0)
    return mistake(`'${path}' is not a whole command: it goes on with ${next.join(' or ')}`, path);
  const group = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  return mistake(`unknown command '${last}'${suggestion(last, nextWords(group, names))}`, group.join(' '));
};

/** Of what was typed only the flag is told: what is glued to it may be a password. `known` are flags with dashes. */
export const unknownOption = (word: string, known: string[], command = ''): SnapbackError => {
  const [flag = ''] = /^--[^=]*|^-./.exec(word) ?? [];
  return mistake(`unknown option '${flag}'${suggestion(flag, known)}`, command);
};

/** What the parser complains about. A stray word is not quoted, since it may be a password in a wrong place. */
export const parserMistake = (error: CommanderError, known: string[], command: string): SnapbackError => {
  const said = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  const [, flag] = /^unknown option '([\s\S]*)'$/.exec(said) ?? [];
  if (flag !== undefined) return unknownOption(flag, known, command);
  return mistake(said.replace(/^(too many arguments.*? but got \d+): [\s\S]*$/, '$1'), command);
};

const suggestion = (word: string, known: string[]): string => {
  // Any two short flags are near each other.
  const near = nearest(
    word,
    known.filter(one => one.length > 2),
  );
  return near ? ` (did you mean ${near}?)` : '';
};
