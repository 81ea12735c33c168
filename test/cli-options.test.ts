/** What an option is when it is given in several places, and what is said when it cannot be. */
import { expect, test } from 'vitest';
import {
  choiceOption,
  durationOption,
  listOption,
  numberOption,
  switchOption,
  textOption,
  toMilliseconds,
} from '../src/cli/option.ts';
import { etcdOptions } from '../src/cli/options.ts';
import { type Given, resolve } from '../src/cli/resolve.ts';
import { isSnapbackError, type SnapbackError } from '../src/errors.ts';
import { nearest } from '../src/nearest.ts';

const help = '';
const options = {
  endpoints: listOption({
    flag: 'endpoints',
    help,
    env: ['ETCDCTL_ENDPOINTS'],
    comma: true,
    fallback: ['d'],
  }),
  recipient: listOption({ flag: 'recipient', help, fallback: [] }),
  dialTimeout: durationOption({ flag: 'dial-timeout', help, env: ['ETCDCTL_DIAL_TIMEOUT'], fallback: 5_000 }),
  skip: switchOption({ flag: 'skip', help, fallback: false }),
  store: textOption({ flag: 'store', help, fallback: './snapbacks' }),
  keepLast: numberOption({ flag: 'keep-last', help, least: 1, fallback: null }),
  level: choiceOption({ flag: 'level', help, choices: ['object', 'drill'] as const, fallback: 'drill' }),
  once: textOption({ flag: 'once', help, inConfig: false, fallback: null }),
};

const given = (parts: {
  flags?: Record<string, string[]>;
  env?: NodeJS.ProcessEnv;
  config?: Record<string, unknown>;
}): Given => ({
  flags: new Map(Object.entries(parts.flags ?? {})),
  env: parts.env ?? {},
  config: parts.config ? { file: 'snapback.yaml', content: parts.config, complaints: [] } : null,
});

const refusal = (
  parts: Parameters<typeof given>[0],
  from: Parameters<typeof resolve>[0] = options,
): SnapbackError => {
  try {
    resolve(from, given(parts));
  } catch (error) {
    if (isSnapbackError(error)) return error;
    throw error;
  }
  throw new Error('it was taken');
};

const flags = { endpoints: ['flag'] };
const own = { SNAPBACK_ENDPOINTS: 'own' };
const etcdctl = { ETCDCTL_ENDPOINTS: 'etcdctl' };
const config = { endpoints: 'config' };

test.each([
  ['flag', { flags, env: { ...own, ...etcdctl }, config }, ['flag']],
  ['environment', { env: { ...own, ...etcdctl }, config }, ['own']],
  ['environment', { env: etcdctl, config }, ['etcdctl']],
  ['config', { config }, ['config']],
  ['default', {}, ['d']],
  ['environment', { env: { SNAPBACK_ENDPOINTS: '', ...etcdctl }, config }, ['etcdctl']],
  ['config', { env: { SNAPBACK_ENDPOINTS: '', ETCDCTL_ENDPOINTS: '' }, config }, ['config']],
  ['default', { config: { endpoints: null } }, ['d']],
  ['default', { config: { endpoints: [] } }, ['d']],
] as const)('from the %s: %j', (source, parts, value) => {
  const resolved = resolve(options, given(parts as Parameters<typeof given>[0]));
  expect(resolved.values.endpoints).toEqual(value);
  expect(resolved.sources.endpoints).toBe(source);
});

test.each([
  ['a list by commas', { flags: { endpoints: ['a, b', 'c'] } }, { endpoints: ['a', 'b', 'c'] }],
  [
    'a list by repetition keeps its commas',
    { flags: { recipient: ['a,b', 'c'] } },
    { recipient: ['a,b', 'c'] },
  ],
  ['a list in the config file', { config: { recipient: ['a', 'b'] } }, { recipient: ['a', 'b'] }],
  ['the last of several', { flags: { store: ['a', 'b'] } }, { store: 'b' }],
  ['a switch', { flags: { skip: ['true'] } }, { skip: true }],
  ['a switch by variable', { env: { SNAPBACK_SKIP: '1' } }, { skip: true }],
  ['a switch as Go writes it', { env: { SNAPBACK_SKIP: 'T' } }, { skip: true }],
  [
    'a switch put off by variable',
    { env: { SNAPBACK_SKIP: 'false' }, config: { skip: 'true' } },
    { skip: false },
  ],
  ['a duration', { env: { ETCDCTL_DIAL_TIMEOUT: '1h30m' } }, { dialTimeout: 5_400_000 }],
  ['a number', { config: { 'keep-last': '7' } }, { keepLast: 7 }],
  ['a choice', { flags: { level: ['object'] } }, { level: 'object' }],
  ['not from the config file', { config: { once: 'x' } }, { once: null }],
])('%s', (_, parts, values) => {
  expect(resolve(options, given(parts as Parameters<typeof given>[0])).values).toMatchObject(values);
});

test('all complaints come at once, each with where it was given', () => {
  const error = refusal({
    flags: { 'dial-timeout': ['soon'], level: ['best'] },
    env: { SNAPBACK_SKIP: 'maybe' },
    config: { 'keep-last': '0', store: ['a', 'b'] },
  });
  expect(error.code).toBe('usage');
  expect(`${error.object} ${error.reason}`.split('; ')).toEqual([
    '--dial-timeout "soon" is not a duration such as 5s, 1h30m, 8d or 2w',
    'SNAPBACK_SKIP "maybe" is neither true nor false',
    'store in snapback.yaml is not a plain value',
    'keep-last in snapback.yaml "0" is not a whole number from 1',
    '--level "best" is not one of object, drill',
  ]);
});

test.each([
  [{ flags: { password: [' \t'] } }],
  [{ flags: { user: [' '], password: [''] } }],
  [{ config: { password: ['hunter2'] } }],
  [{ config: { user: { root: 'hunter2' } } }],
  [{ config: { user: ['root:hunter2'] } }],
])('a password is never quoted: %j', parts => {
  const { message, object, reason } = refusal(parts, etcdOptions);
  expect(object).toMatch(/user|password/);
  expect([message, object, reason].join()).not.toMatch(/hunter2|"/);
});

test.each([
  ['5s', 5_000],
  ['1h30m', 5_400_000],
  ['8d', 691_200_000],
  ['2w', 1_209_600_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['1m', 60_000],
])('%s is %i ms', (text, milliseconds) => {
  expect(toMilliseconds(text)).toBe(milliseconds);
});

test.each(['', '5', '5 s', '-5s', '5 minutes', '0s', '1y', 's', '1h 30m', 'Infinity', '1e3s', '5S'])(
  '"%s" is no duration',
  text => {
    expect(() => toMilliseconds(text)).toThrow('is not a duration');
  },
);

test.each([
  ['endpoint', 'endpoints'],
  ['keep-dayly', 'keep-daily'],
  ['strange', null],
])('the nearest to %s is %s', (word, near) => {
  expect(nearest(word, ['endpoints', 'keep-daily', 'store'])).toBe(near);
});
