import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { deadline } from '../src/deadline.ts';
import { SnapbackError } from '../src/errors.ts';

const late = () => new SnapbackError('etcd', { operation: 'wait', object: 'etcd', reason: 'is late' });
const aborted = (signal: AbortSignal) =>
  new Promise(resolve => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

test('the time is up: the reason is the typed error', async () => {
  using limit = deadline(new AbortController().signal, 20, late);
  expect(await aborted(limit.signal)).toMatchObject({ code: 'etcd', reason: 'is late' });
});

test('the outer signal aborts it with its own reason, and the first reason wins', async () => {
  const outer = new AbortController();
  using limit = deadline(outer.signal, 20, late);
  outer.abort(new Error('interrupted'));
  await sleep(60);
  expect(limit.signal.reason).toEqual(new Error('interrupted'));
});

test('an outer signal that is already aborted aborts it at once', () => {
  using limit = deadline(AbortSignal.abort('gone'), null, late);
  expect(limit.signal.reason).toBe('gone');
});

test('each sign of life starts the time anew', () => {
  vi.useFakeTimers();
  try {
    using limit = deadline(new AbortController().signal, 2_000, late);
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(1_500);
      limit.extend();
    }
    expect(limit.signal.aborted).toBe(false);
    vi.advanceTimersByTime(2_000);
    expect(limit.signal.reason).toMatchObject({ code: 'etcd' });
  } finally {
    vi.useRealTimers();
  }
});

test.each([null, 30 * 24 * 3_600_000])('%s ms is no limit', async milliseconds => {
  using limit = deadline(new AbortController().signal, milliseconds, late);
  await sleep(50);
  expect(limit.signal.aborted).toBe(false);
});

test('disposed of, it aborts no more', async () => {
  const outer = new AbortController();
  const limit = deadline(outer.signal, 20, late);
  limit[Symbol.dispose]();
  await sleep(60);
  outer.abort();
  expect(limit.signal.aborted).toBe(false);
});
