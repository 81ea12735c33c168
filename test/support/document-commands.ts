/** The commands of a page in docs/ and what it says that they print, so that a test can run them all. */

export type Command = {
  /** As it stands behind `$ `. */
  line: string;
  /** The lines until the next command or the end of the block. */
  output: string;
};

/** Those of all indented blocks, in their order; a block is text where its first line has no `$ `. */
export const commandsIn = (page: string): Command[] =>
  blocksIn(page)
    .filter(block => block.startsWith('$ '))
    .flatMap(block => block.split(/^(?=\$ )/m))
    .map(text => {
      const [line = '', ...output] = text.trimEnd().split('\n');
      return { line: line.slice(2), output: output.join('\n') };
    });

/** Blocks of lines that are indented by four spaces, without them. */
const blocksIn = (page: string): string[] =>
  [...page.matchAll(/(?:^(?: {4}.*)?\n)+/gm)]
    .map(([block]) => block.replaceAll(/^ {4}/gm, '').replace(/^\n+/, ''))
    .filter(block => block.trim() !== '');
