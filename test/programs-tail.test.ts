import { expect, test } from 'vitest';
import { lastWords, tail } from '../src/programs/tail.ts';

test('a tail keeps the end, bounded', () => {
  const kept = tail(100);
  for (let n = 0; n < 1000; n += 1) kept.add(`line ${n}\n`);
  expect(kept.text().length).toBeLessThanOrEqual(200);
  expect(kept.text()).toMatch(/line 998\nline 999\n$/);
});

test.each([
  ['', null],
  [' \n\n', null],
  ['hello\nworld\n', 'world'],
  ['Usage:\n  --flag\n\nError: unknown flag: --nonsense\n', 'unknown flag: --nonsense'],
  ['Error: the cause\n{"level":"info","msg":"bye"}\n', 'the cause'],
  ['panic: half a page\n\ngoroutine 1 [running]:\nmain.main()\n', 'panic: half a page'],
  [
    '{"level":"panic","msg":"failed to open database","path":"x","error":"invalid database"}\npanic: failed to open\n',
    'failed to open database: invalid database',
  ],
  ['{"level":"fatal","msg":"invalid downgrade"}\n{"level":"warn","msg":"later"}\n', 'invalid downgrade'],
  ['{"level":"fatal","msg":"cut', '{"level":"fatal","msg":"cut'],
])('the last words of %j', (output, words) => {
  expect(lastWords(output)).toBe(words);
});

test('last words are never long', () => {
  expect(lastWords(`Error: ${'x'.repeat(5000)}`)).toHaveLength(500);
});
