/**
 * Text out of a store as a terminal may see it: what would move the cursor, change colours, set titles or turn the
 * direction of writing is written as an escape, so that a hostile manifest can only look strange.
 */
export const printable = (text: string): string => text.toWellFormed().replaceAll(dangerous, escaped);

// Controls (C0, DEL, C1), line and paragraph separators, and the invisible marks of Unicode that reorder text.
const dangerous = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x0a) return '\\n';
  if (code === 0x09) return '\\t';
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};
