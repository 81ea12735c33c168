/** A line that begins with what it is about, so that the lines of a run stand in columns. */
export const label = (name: string, text: string): string => `${name.padEnd(9)} ${text}`;
