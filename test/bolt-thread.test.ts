/** Questions that a thread answers: the answer, its parts, and every way in which there is none. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ask } from '../src/bolt/ask.ts';
import { inThread } from '../src/bolt/thread.ts';
import { SnapbackError } from '../src/errors.ts';
import { good } from './support/bolt-pages.ts';
import { rejection } from './support/rejection.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const file = new URL('./support/asked.ts', import.meta.url);
const { signal } = new AbortController();
const asked = (question: string, input: unknown = null) =>
  inThread(file, question, input, { name: 'it.db', signal });

describe('a question', () => {
  test('is answered, by the question that has its name', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'it.db');
    await writeFile(path, good());
    const answer = await ask('metaBucket', { path }, { name: 'it.db', signal });
    expect(answer).toMatchObject({ storageVersion: '3.6.0' });
    await writeFile(path, good().subarray(0, 9000));
    expect(await rejection(ask('metaBucket', { path }, { name: 'it.db', signal }))).toMatchObject({
      code: 'integrity',
      object: 'it.db',
      reason: expect.stringContaining('it is cut short'),
    });
  });

  test('goes over with all its data, and comes back with buffers of their own', async () => {
    const large = Buffer.alloc(1000, 'x');
    const input = { list: [1n, null, new Map([['a', large.subarray(3, 8)]])], text: 'ü' };
    const answer = await inThread<{ input: typeof input; name: string }, never>(file, 'echo', input, {
      name: 'it.db',
      signal,
    });
    expect(answer).toEqual({
      input: { list: [1n, null, new Map([['a', new Uint8Array(5).fill(120)]])], text: 'ü' },
      name: 'it.db',
    });
    const view = (answer.input.list[2] as Map<string, Uint8Array>).get('a');
    expect(view?.buffer.byteLength).toBe(5);
  });

  test('that has an error of this program ends with the same', async () => {
    const error = await rejection(asked('damaged'));
    expect(error).toBeInstanceOf(SnapbackError);
    expect(error).toMatchObject({
      code: 'integrity',
      operation: 'read the database',
      object: 'it.db',
      reason: 'is damaged',
      hint: 'Use another.',
      cause: new Error('beneath'),
    });
    expect(error.stack).toContain('asked.ts');
  });

  test.each([
    ['mistaken', 'nothing is not a function'],
    ['exits', 'is read no further: the thread that read it ended (3)'],
    ['throwsLater', 'thrown where nobody waits'],
    ['unheard', 'there is no question unheard'],
  ])('whose thread %s is a failure that says so', async (question, reason) => {
    expect(await rejection(asked(question))).toMatchObject({ code: 'failed', object: 'it.db', reason });
  });

  test('whose thread is not there is a failure', async () => {
    const absent = new URL('./support/absent.ts', import.meta.url);
    const error = await rejection(inThread(absent, 'echo', null, { name: 'it.db', signal }));
    expect(error).toMatchObject({ code: 'failed', reason: expect.stringContaining('absent.ts') });
  });

  test.each(['wait', 'spin'])(
    'that would %s for ever ends with the signal, and its thread too',
    async question => {
      const stop = new AbortController();
      const counter = new Int32Array(new SharedArrayBuffer(4));
      const asking = { name: 'it.db', signal: stop.signal, onPart: () => stop.abort(new Error('stop')) };
      const error = await inThread(file, question, counter, asking).catch(error => error);
      expect(error).toBe(stop.signal.reason);
      let seen = -1;
      while (seen !== Atomics.load(counter, 0)) {
        seen = Atomics.load(counter, 0);
        await sleep(20);
      }
      await expect(inThread(file, 'echo', null, asking)).rejects.toBe(stop.signal.reason);
    },
  );
});

describe('an answer in parts', () => {
  test('comes in order, with as many under way as there should be', async () => {
    const seen: number[] = [];
    let [busy, answered] = [false, false];
    const onPart = async ({ part, bytes }: { part: number; bytes: Uint8Array }) => {
      expect(busy).toBe(false);
      busy = true;
      if (part % 50 === 0) await sleep(1);
      expect(answered).toBe(false);
      expect(Buffer.from(bytes.buffer).toString()).toBe(`${part % 10}`);
      seen.push(part);
      busy = false;
    };
    expect(await inThread(file, 'parts', 1000, { name: 'it.db', signal, onPart })).toBe(1000);
    answered = true;
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test('waits for who takes them', async () => {
    const stop = new AbortController();
    let taken = 0;
    const onPart = async () => {
      taken++;
      // Far longer than the thread would need for all of them.
      if (taken === 1) await sleep(500);
      if (taken === 20) stop.abort(new Error('enough'));
    };
    const parts = inThread(file, 'parts', Number.MAX_SAFE_INTEGER, {
      name: 'it.db',
      signal: stop.signal,
      onPart,
    });
    // An endless number of them would fill the memory if nothing held them back.
    await expect(parts).rejects.toThrow('enough');
    await sleep(50);
    expect(taken).toBe(20);
  });

  test('ends with what its taker throws', async () => {
    const taken: number[] = [];
    const onPart = ({ part }: { part: number }) => {
      taken.push(part);
      if (part === 3) throw new Error('no more');
    };
    await expect(inThread(file, 'parts', 100, { name: 'it.db', signal, onPart })).rejects.toThrow('no more');
    await sleep(50);
    expect(taken).toEqual([0, 1, 2, 3]);
  });
});
