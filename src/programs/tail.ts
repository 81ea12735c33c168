/** The last part of what a program printed, for error messages: bounded, so that a chatty one costs no memory. */

export type Tail = {
  add(chunk: Buffer | string): void;
  text(): string;
};

/** Keeps at least the last `most` characters (of at most twice that many). */
export const tail = (most = 32_768): Tail => {
  let kept = '';
  return {
    add: chunk => {
      kept += chunk.toString();
      if (kept.length > 2 * most) kept = kept.slice(-most);
    },
    text: () => kept,
  };
};

/**
 * The line that says why one of etcd's programs gave up, out of what it printed: the last fatal entry of its log
 * (zap's JSON, with the cause that it names), else cobra's `Error: …` or Go's `panic: …`, else the last line;
 * null when there is none.
 */
export const lastWords = (output: string): string | null => {
  const lines = output
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
    .toReversed();
  const words = firstWords(lines, zapWords) ?? firstWords(lines, plainWords) ?? lines[0] ?? null;
  return words !== null && words.length > 500 ? `${words.slice(0, 499)}…` : words;
};

const firstWords = (lines: string[], wordsOf: (line: string) => string | null): string | null => {
  for (const line of lines) {
    const words = wordsOf(line);
    if (words !== null) return words;
  }
  return null;
};

const plainWords = (line: string): string | null =>
  /^(?:Error: |panic: |fatal error: |runtime: out of memory)/.test(line)
    ? line.replace(/^Error: /, '')
    : null;

const zapWords = (line: string): string | null => {
  if (!line.startsWith('{')) return null;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null) return null;
    const { level, msg, error } = entry as Record<string, unknown>;
    if (level !== 'fatal' && level !== 'panic') return null;
    return typeof error === 'string' ? `${msg}: ${error}` : `${msg}`;
  } catch {
    return null;
  }
};
