/** What can follow the first words of a command. */

/** `install` after `tools`, all first words after nothing, and nothing after a whole command or an unknown word. */
export const nextWords = (words: string[], names: string[]): string[] => {
  const begun = words.map(word => `${word} `).join('');
  const following = names.filter(name => name.startsWith(begun)).map(name => name.slice(begun.length));
  return [...new Set(following.map(text => text.replace(/ .*/, '')))];
};
