/** Texts of expectations: what each form means, that nothing else is taken, and what is said of it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectationForms, toExpectations, toPercent } from '../src/cli/expectation-text.ts';

const one = (text: string) => toExpectations([text])[0];
const refusal = (...texts: string[]): string => {
  try {
    toExpectations(texts);
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
};

test('each form that help and complaints name is one', () => {
  const texts = Object.values(expectationForms);
  expect(toExpectations(texts).map(({ kind, text }) => [kind, text])).toEqual(
    Object.entries(expectationForms),
  );
});

test('figures are whole numbers, sizes in both kinds of units, Go durations with days, and shares', () => {
  expect(one('keys <= 7')).toMatchObject({ operator: '<=', number: 7 });
  expect(one('size>=1.5KiB')).toMatchObject({ operator: '>=', number: 1536 });
  expect(one('size<=2GB')).toMatchObject({ operator: '<=', number: 2_000_000_000 });
  expect(one('size>=10')).toMatchObject({ number: 10 });
  expect(one('age<=1d')).toMatchObject({ most: 86_400_000 });
  expect(one('shrink<=0')).toMatchObject({ percent: 0 });
  expect(toPercent('12.5%')).toBe(12.5);
});

test('of a prefix the last operator counts, and a key is all that follows', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: 'binary' }),
      fc.nat(),
      fc.constantFrom('>=', '<='),
      (name, number, operator) => {
        fc.pre(name.trim() === name);
        expect(one(`prefix:${name}${operator}${number}`)).toMatchObject({ prefix: name, operator, number });
        expect(one(`key:${name}`)).toMatchObject({ kind: 'key', key: name });
      },
    ),
  );
});

test('any text is an expectation or a complaint that names it', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), texts => {
      const said = refusal(...texts);
      if (said === 'taken') return;
      const bad = texts.filter(text => refusal(text) !== 'taken');
      expect(bad.length).toBeGreaterThan(0);
      for (const text of bad) expect(said).toContain(`"${text}"`);
    }),
  );
});

test('all complaints come at once, each with the nearest form', () => {
  const said = refusal('kyes>=3', 'keys>=1', 'age<2h', 'size>=1MiBs', 'shrink>=5%', 'nonsense', 'prefix:>=1');
  expect(said).toBe(
    'cannot be read: "kyes>=3" (did you mean keys>=1000?); "age<2h" (did you mean age<=26h?); ' +
      '"size>=1MiBs" (did you mean size>=1MiB?); "shrink>=5%" (did you mean shrink<=50%?); ' +
      `"nonsense" (the forms are ${Object.values(expectationForms).join(', ')}); ` +
      '"prefix:>=1" (did you mean prefix:/registry/secrets/>=10?)',
  );
  expect(refusal('shrink<=101%')).toContain('did you mean');
  expect(() => toPercent('many')).toThrow('is no share such as 20%');
});
