import { shellQuoted } from '../shell-quoted.ts';
import { printable } from './printable.ts';

/** A word of a command that a person may copy, safe for a terminal. */
export const shellWord = (text: string): string => shellQuoted(printable(text));
