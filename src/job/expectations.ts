/** What was expected of a backup against what was found; it says nothing about whether that restores. */
import type { Check } from '../catalog/verdict.ts';
import { count, size } from '../figures.ts';
import type { Context } from './context.ts';
import type { Expectation } from './expectation.ts';
import type { Comparison, Found } from './expectation-found.ts';
import { shrinkage, shrinkageByGroup } from './expectation-shrinkage.ts';

/** In the order given, each by its text. Throws the signal's reason. */
export const compareExpectations = async (
  expectations: Expectation[],
  found: Found,
  context: Pick<Context, 'signal'>,
): Promise<Check[]> => {
  const checks: Check[] = [];
  for (const one of expectations) {
    const begun = performance.now();
    const { status, detail } = await compare(one, found, context);
    const seconds = one.kind === 'shrink-by-prefix' ? (performance.now() - begun) / 1000 : null;
    checks.push({ name: one.text, status, detail, seconds });
  }
  return checks;
};

/** Those that are told as lines: one of the sum, and before it each that was not met, or not compared. */
export const expectationLines = (checks: Check[]): Check[] => {
  const having = (wanted: Check['status']) => checks.filter(({ status }) => status === wanted);
  const [failed, skipped] = [having('fail'), having('skipped')];
  if (checks.length === 0) return [];
  const status = failed.length > 0 ? 'fail' : skipped.length > 0 ? 'skipped' : 'pass';
  const detail = `${having('pass').length} of ${checks.length}`;
  return [...failed, ...skipped, { name: 'expectations', status, detail, seconds: null }];
};

const compare = async (
  one: Expectation,
  found: Found,
  context: Pick<Context, 'signal'>,
): Promise<Comparison> => {
  const { counts, plainSize, previous } = found;
  if (one.kind === 'age') return compareAge(one.most, found);
  if (one.kind === 'size')
    return plainSize === null
      ? skipped('how large the database is is not known')
      : met(holds(one, plainSize), size(plainSize));
  if (one.kind === 'shrink')
    return 'reason' in previous ? skipped(previous.reason) : shrinkage(one.percent, found, previous.manifest);
  if (typeof counts === 'string') return skipped(counts);
  if (one.kind === 'keys') return met(holds(one, counts.keys), keys(counts.keys));
  if (one.kind === 'shrink-by-prefix')
    return 'reason' in previous
      ? skipped(previous.reason)
      : await shrinkageByGroup(one.percent, counts.groups, previous, context);
  const number = counts.named.get(one.text) ?? 0;
  return one.kind === 'key'
    ? met(number > 0, number > 0 ? 'it is there' : 'it is not there')
    : met(holds(one, number), keys(number));
};

const compareAge = (most: number, { taken, now }: Found): Comparison => {
  if (taken === null) return skipped('when it was taken is not known');
  const age = now.getTime() - new Date(taken).getTime();
  return met(age <= most, `${(age / 3_600_000).toFixed(1)} h, taken ${taken.replace(/\.\d+Z$/, 'Z')}`);
};

const holds = ({ operator, number }: { operator: '>=' | '<='; number: number }, found: number): boolean =>
  operator === '>=' ? found >= number : found <= number;

const keys = (number: number): string => `${count(number)} ${number === 1 ? 'key' : 'keys'}`;

const met = (good: boolean, detail: string): Comparison => ({ status: good ? 'pass' : 'fail', detail });

const skipped = (detail: string): Comparison => ({ status: 'skipped', detail });
