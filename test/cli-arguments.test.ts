/** Where the words of a command may stand, and what a switch is given. */
import { describe, expect, test } from 'vitest';
import { arrange } from '../src/cli/arguments.ts';
import { listOption, switchOption, textOption } from '../src/cli/option.ts';
import { rejection } from './support/rejection.ts';

const help = '';
const options = [
  textOption({ flag: 'cluster', help, fallback: null }),
  listOption({ flag: 'endpoints', help, comma: true, fallback: [] }),
  switchOption({ flag: 'quiet', help, fallback: false }),
  switchOption({ flag: 'no-discover', help, fallback: false }),
];
const names = ['save', 'show', 'tools install', 'tools kit'];
const arranged = (...argv: string[]) => {
  const { words, rest } = arrange(argv, names, options);
  return [words.join(' '), ...rest];
};

describe('the command', () => {
  test.each([
    [['save'], ['save']],
    [
      ['save', '--cluster', 'show'],
      ['save', '--cluster', 'show'],
    ],
    [
      ['--cluster', 'save', 'save'],
      ['save', '--cluster', 'save'],
    ],
    [
      ['--cluster=x', 'save', '--cluster', 'y'],
      ['save', '--cluster=x', '--cluster', 'y'],
    ],
    [
      ['--endpoints', 'a', '--quiet', 'show', 'latest'],
      ['show', '--endpoints', 'a', '--quiet=true', 'latest'],
    ],
    [
      ['tools', '--quiet', 'install', '3.6'],
      ['tools install', '--quiet=true', '3.6'],
    ],
    [
      ['--cluster', '--quiet', 'save'],
      ['save', '--cluster', '--quiet'],
    ],
    [
      ['show', 'save', 'help'],
      ['show', 'save', 'help'],
    ],
    [
      ['show', '--', '--quiet', 'save'],
      ['show', '--', '--quiet', 'save'],
    ],
    [
      ['--', 'save'],
      ['', '--', 'save'],
    ],
    [
      ['show', '-'],
      ['show', '-'],
    ],
    [
      ['savee', 'save'],
      ['savee', 'save'],
    ],
    [
      ['tools', 'instal', 'x'],
      ['tools instal', 'x'],
    ],
    [
      ['save', '--cluster'],
      ['save', '--cluster'],
    ],
    [
      ['--help', 'save'],
      ['save', '--help'],
    ],
    [
      ['help', 'tools', 'install'],
      ['tools install', '--help'],
    ],
    [
      ['--quiet', 'help', 'save'],
      ['save', '--help'],
    ],
    [['help'], ['', '--help']],
    [[], ['']],
  ])('%j', (argv, words) => {
    expect(arranged(...argv)).toEqual(words);
  });

  test.each([
    [['--endpoint', 'a', 'save'], "unknown option '--endpoint' (did you mean --endpoints?)"],
    [['--cluster', 'x', '--bogus-thing', 'save'], "unknown option '--bogus-thing'"],
    [['--pasword=hunter2', 'save'], "unknown option '--pasword'"],
    [['-phunter2', 'save'], "unknown option '-p'"],
    [['tools', '--quieet', 'install'], "unknown option '--quieet' (did you mean --quiet?)"],
  ])('is not looked for behind a flag that nobody knows: %j', async (argv, sentence) => {
    const error = await rejection(Promise.resolve().then(() => arranged(...argv)));
    expect(error).toMatchObject({ code: 'usage', reason: `has a mistake: ${sentence}` });
  });
});

describe('a switch', () => {
  test.each([
    [['--quiet'], ['--quiet=true']],
    [['--quiet=false'], ['--quiet=false']],
    [
      ['--quiet', 'false'],
      ['--quiet=true', 'false'],
    ],
    [['--quiet=maybe'], ['--quiet=maybe']],
    [
      ['--no-discover', '--no-discover=false'],
      ['--no-discover=true', '--no-discover=false'],
    ],
    [['--quiet='], ['--quiet=']],
  ])('%j', (given, rest) => {
    expect(arranged('save', ...given)).toEqual(['save', ...rest]);
  });
});
