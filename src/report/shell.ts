import { printable } from './printable.ts';

/** A word of a command that a person may copy: quoted where a shell would read more than a word. */
export const shellWord = (text: string): string => {
  const word = printable(text);
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
};
