/** The config file: `--config`, `SNAPBACK_CONFIG`, or `snapback.yaml` in the working directory where there is one. */
import { readFileSync } from 'node:fs';
import { from, SnapbackError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Complaint, Given } from './resolve.ts';

const usual = 'snapback.yaml';

/**
 * Reads the config file that applies, or null where none does. `known` gives the keys that any command takes: a
 * file serves all commands, so a key of another command is no error. Keys that nobody knows are complaints, each
 * with the nearest known one. Throws `usage` for a file that was named and cannot be read, or that is no YAML mapping.
 */
export const readConfig = async (
  named: string | null,
  known: () => Promise<string[]>,
): Promise<Given['config']> => {
  const file = named ?? usual;
  const details = { operation: 'read the config file', object: `config file ${file}` };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (named === null && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw from(error, 'usage', {
      ...details,
      reason: `cannot be read (${(error as NodeJS.ErrnoException).code})`,
      hint: 'Is the path right, and may this user read it?',
    });
  }
  const content = await mappingOf(text, details);
  const keys = await known();
  const unknown = Object.keys(content).filter(key => !keys.includes(key));
  return { file, content, complaints: unknown.map(key => complaint(key, file, keys)) };
};

const complaint = (key: string, file: string, known: string[]): Complaint => {
  const near = nearest(key, known);
  return {
    object: `${key} in ${file}`,
    reason: near ? `is not a known key (did you mean ${near}?)` : 'is not a known key',
  };
};

/**
 * Every value stays the text that was written (YAML's failsafe schema, and null), since an option has one parser
 * wherever it comes from: a password of digits keeps its zeros. A complaint gives the place and the kind of error
 * only: the library's own message quotes the line, which may hold a password.
 */
const mappingOf = async (
  text: string,
  details: { operation: string; object: string },
): Promise<Record<string, unknown>> => {
  const { LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', customTags: ['null'], lineCounter });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    const kind = error.code.toLowerCase().replaceAll('_', ' ');
    throw new SnapbackError('usage', {
      ...details,
      reason: `is not YAML at line ${line}, column ${col} (${kind})`,
      hint: 'Put what has special characters in quotes.',
    });
  }
  let content: unknown;
  try {
    content = document.toJS() ?? {};
  } catch {
    throw new SnapbackError('usage', {
      ...details,
      reason: 'has an alias without its anchor',
      hint: 'Put a value that begins with * in quotes.',
    });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new SnapbackError('usage', {
      ...details,
      reason: 'is not a mapping of options to values',
      hint: 'Write one `option: value` a line.',
    });
  return content as Record<string, unknown>;
};
