/** What a person expects of a backup, out of the text of `--expect` and of `--compare-previous`. */
import type { Expectation } from '../job/expectation.ts';
import { nearest } from '../nearest.ts';
import { toMilliseconds } from './option.ts';

/** One of each kind, for help and complaints. */
export const expectationForms = {
  keys: 'keys>=1000',
  prefix: 'prefix:/registry/secrets/>=10',
  key: 'key:/registry/namespaces/kube-system',
  age: 'age<=26h',
  size: 'size>=1MiB',
  shrink: 'shrink<=50%',
};

type Kind = keyof typeof expectationForms;

/** Throws one Error with all complaints, which reads on from the texts. */
export const toExpectations = (texts: string[]): Expectation[] => {
  const read = texts.map(text => ({ text, expectation: readExpectation(text.trim()) }));
  const wrong = read.flatMap(({ text, expectation }) => (expectation ? [] : [`"${text}" ${instead(text)}`]));
  if (wrong.length > 0) throw new Error(`cannot be read: ${wrong.join('; ')}`);
  return read.flatMap(({ expectation }) => expectation ?? []);
};

/** `20%` or `20`. */
export const toPercent = (text: string): number => {
  const percent = percentIn(text);
  if (percent === null) throw new Error('is no share such as 20%');
  return percent;
};

/** Null for what is none. The last operator counts: a prefix may have one in it. */
const readExpectation = (text: string): Expectation | null => {
  if (text.startsWith('key:')) return text.length > 4 ? { text, kind: 'key', key: text.slice(4) } : null;
  const [, subject = '', operator, value = ''] = /^(.*)(>=|<=)\s*(\S+)$/s.exec(text) ?? [];
  if (operator !== '>=' && operator !== '<=') return null;
  if (subject.startsWith('prefix:'))
    return subject.length > 7
      ? bounded(wholeIn(value), number => ({
          text,
          kind: 'prefix',
          prefix: subject.slice(7),
          operator,
          number,
        }))
      : null;
  const word = subject.trim();
  if (word === 'keys') return bounded(wholeIn(value), number => ({ text, kind: 'keys', operator, number }));
  if (word === 'size') return bounded(sizeIn(value), number => ({ text, kind: 'size', operator, number }));
  if (operator === '>=') return null;
  if (word === 'age') return bounded(timeIn(value), most => ({ text, kind: 'age', most }));
  if (word === 'shrink') return bounded(percentIn(value), percent => ({ text, kind: 'shrink', percent }));
  return null;
};

const bounded = (value: number | null, make: (value: number) => Expectation): Expectation | null =>
  value === null ? null : make(value);

const wholeIn = (text: string): number | null => (/^\d{1,15}$/.test(text) ? Number(text) : null);

const percentIn = (text: string): number | null => {
  const [, figure] = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(text) ?? [];
  return figure === undefined || Number(figure) > 100 ? null : Number(figure);
};

const timeIn = (text: string): number | null => {
  try {
    return toMilliseconds(text);
  } catch {
    return null;
  }
};

const sizeIn = (text: string): number | null => {
  const [, figure, unit = ''] = /^(\d{1,15}(?:\.\d+)?)([a-z]*)$/i.exec(text) ?? [];
  const power = ['', 'k', 'm', 'g', 't'].indexOf(unit.toLowerCase().replace(/i?b$/, ''));
  if (figure === undefined || power < 0) return null;
  return Math.ceil(Number(figure) * (/ib$/i.test(unit) ? 1024 : 1000) ** power);
};

const instead = (text: string): string => {
  const kinds = Object.keys(expectationForms) as Kind[];
  const [word = ''] = /^[^:<>=\s]*/.exec(text.trim()) ?? [];
  const kind = kinds.find(one => one === word) ?? kinds.find(one => one === nearest(word, kinds));
  return kind
    ? `(did you mean ${expectationForms[kind]}?)`
    : `(the forms are ${Object.values(expectationForms).join(', ')})`;
};
