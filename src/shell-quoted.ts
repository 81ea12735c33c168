/** A word of a command that a person may copy: quoted where a shell would read more than a word. */
export const shellQuoted = (word: string): string =>
  /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
