import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { exitCode, exitMeaning, exitTable } from '../src/cli/exit-code.ts';
import { type Code, from, isSnapbackError, messageOf, SnapbackError } from '../src/errors.ts';
import { worst } from '../src/job/worst.ts';
import { secret } from '../src/secret.ts';

const details = { operation: 'write', object: 'store /x', reason: 'is full' };
const known = new SnapbackError('store', { ...details, hint: 'Make room.' });

describe('from', () => {
  test('an error of the program passes unchanged', () => {
    expect(from(known, 'failed', { operation: 'save', object: 'x' })).toBe(known);
  });

  test('so does one of a second copy of the class', async () => {
    const copy: typeof import('../src/errors.ts') = await import(`../src/errors.ts?${'copy'}`);
    const other = new copy.SnapbackError('etcd', details);
    expect(other).not.toBeInstanceOf(SnapbackError);
    expect(isSnapbackError(other)).toBe(true);
    expect(from(other, 'failed', { operation: 'save', object: 'x' })).toBe(other);
  });

  test('an abort gives the reason of its signal', async () => {
    const { addAbortSignal, PassThrough } = await import('node:stream');
    const controller = new AbortController();
    const stream = addAbortSignal(controller.signal, new PassThrough());
    const failed = new Promise(resolve => stream.once('error', resolve));
    controller.abort(known);
    expect(from(await failed, 'failed', { operation: 'save', object: 'x' })).toBe(known);
  });

  test('anything else becomes the given code, its text the reason', () => {
    const foreign = new Error('ENOSPC: no space left\n  on device');
    const error = from(foreign, 'store', { operation: 'write', object: 'store /x', hint: 'Make room.' });
    expect(error).toMatchObject({ code: 'store', hint: 'Make room.', cause: foreign });
    expect(error.message).toBe('write: store /x ENOSPC: no space left; on device');
  });

  test.each([
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [new RangeError(), 'RangeError'],
  ])('what was thrown can be anything: %j', (thrown, text) => {
    expect(messageOf(thrown)).toBe(text);
    expect(from(thrown, 'failed', { operation: 'save', object: 'x' }).reason).toBe(text);
  });
});

const codes: Record<Code, number> = {
  failed: 1,
  usage: 2,
  integrity: 20,
  stale: 21,
  'not-found': 22,
  refused: 23,
  'missing-program': 24,
  different: 25,
  etcd: 30,
  store: 31,
  aborted: 130,
};

describe('exit codes', () => {
  test.each(Object.entries(codes) as [Code, number][])('%s is %i', (code, exit) => {
    expect(exitCode(new SnapbackError(code, details))).toBe(exit);
  });

  test('no error is 0, and a signal has its own', () => {
    expect(exitCode(null)).toBe(0);
    expect(exitCode(new SnapbackError('aborted', { ...details, signal: 'SIGINT' }))).toBe(130);
    expect(exitCode(new SnapbackError('aborted', { ...details, signal: 'SIGTERM' }))).toBe(143);
  });

  test('a code that nobody knows is a failure', () => {
    expect(exitCode(new SnapbackError('later' as Code, details))).toBe(1);
  });

  test('every code of the table has words of its own, and what is unknown has failed', () => {
    const words = exitTable.map(([exit]) => exitMeaning(Number(exit))).slice(2);
    expect(new Set([...words, exitMeaning(99)])).toHaveLength(exitTable.length - 1);
    expect(exitMeaning(99)).toBe('failed');
  });

  test('a run over several ends with the worst, a signal before all', () => {
    const order: Code[] = [
      'integrity',
      'refused',
      'missing-program',
      'not-found',
      'store',
      'etcd',
      'stale',
      'failed',
    ];
    const errors = order.map(code => new SnapbackError(code, details));
    for (let i = 0; i < order.length; i++) expect(worst(errors.slice(i).reverse())?.code).toBe(order[i]);
    expect(worst([...errors, new SnapbackError('aborted', details)])?.code).toBe('aborted');
    expect(worst([])).toBe(null);
  });
});

test('a secret prints as [redacted] whatever prints it', () => {
  const password = secret('hunter2');
  expect(password.reveal()).toBe('hunter2');
  const printed = [`${password}`, JSON.stringify({ password }), inspect({ password }), inspect(password)];
  for (const text of printed) {
    expect(text).toContain('[redacted]');
    expect(text).not.toContain('hunter2');
  }
});
