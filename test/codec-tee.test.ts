/** One stream for several consumers: all of it for each, bounded by the slowest for a while only. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { tee } from '../src/codec/tee.ts';
import { bytesOf, sampleBytes, stalledAfter, streamOf } from './support/streams.ts';

const MiB = 1024 * 1024;
const never = { patience: 60_000, late: () => new Error('late') };

test.each([0, 1, 300, 5 * MiB])('every branch has all %s bytes, also one that dawdles', async size => {
  const bytes = sampleBytes(size);
  const [quick, slow] = tee(streamOf(bytes), 2, never) as [Readable, Readable];
  const dawdling = async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of slow) {
      await sleep(1);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  const [one, two] = await Promise.all([bytesOf(quick), dawdling()]);
  expect(one.equals(bytes)).toBe(true);
  expect(two.equals(bytes)).toBe(true);
});

test('while one takes nothing the source is not read on, and after its patience the others go on', async () => {
  let read = 0;
  const source = counted(64, MiB / 4, size => {
    read += size;
  });
  const late: number[] = [];
  const options = {
    patience: 300,
    late: (at: number) => {
      late.push(at);
      // What is ahead of the slow one: its room, what the source has ready, and chunks that are being handed on.
      expect(read).toBeLessThan(3 * MiB);
      return new Error('too slow');
    },
  };
  const [quick, slow] = tee(source, 2, options) as [Readable, Readable];
  expect((await bytesOf(quick)).length).toBe(16 * MiB);
  expect(late).toEqual([1]);
  await expect(bytesOf(slow)).rejects.toThrow('too slow');
});

test('patience covers the last bytes too, which need no room', async () => {
  const [quick, slow] = tee(streamOf(sampleBytes(300)), 2, {
    patience: 50,
    late: () => new Error('too slow'),
  });
  const ended = new Promise(resolve => slow?.once('error', resolve));
  expect((await bytesOf(quick as Readable)).length).toBe(300);
  await expect(ended).resolves.toMatchObject({ message: 'too slow' });
});

test('a consumer that gives up is dropped and the others have all bytes', async () => {
  const bytes = sampleBytes(8 * MiB);
  const source = streamOf(bytes);
  const [good, bad] = tee(source, 2, never) as [Readable, Readable];
  const failing = (async () => {
    for await (const _ of bad) throw new Error('the disk is full');
  })();
  const whole = bytesOf(good);
  await expect(failing).rejects.toThrow('the disk is full');
  expect((await whole).equals(bytes)).toBe(true);
});

test('when no consumer is left the source is closed', async () => {
  const source = stalledAfter(sampleBytes(300));
  const branches = tee(source, 2, never);
  for (const branch of branches) branch.destroy();
  await new Promise(resolve => source.once('close', resolve));
  expect(source.destroyed).toBe(true);
});

test('a failure of the source is what everyone sees in place of the end', async () => {
  const chunks = function* () {
    yield sampleBytes(3 * MiB);
    throw new Error('the member went away');
  };
  const branches = tee(Readable.from(chunks(), { objectMode: false }), 3, never);
  const seen = await Promise.allSettled(branches.map(bytesOf));
  for (const one of seen)
    expect(one).toMatchObject({ status: 'rejected', reason: { message: 'the member went away' } });
});

const counted = (chunks: number, size: number, onRead: (size: number) => void): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < chunks; at++) {
        onRead(size);
        yield Buffer.alloc(size, at);
      }
    })(),
    { objectMode: false },
  );
