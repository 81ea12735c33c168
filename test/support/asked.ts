/** A thread that is asked what no file needs to be there for: parts, errors, and ends of every kind (thread.test.ts). */
import { answering } from '../../src/bolt/answering.ts';
import { SnapbackError } from '../../src/errors.ts';

await answering({
  echo:
    async () =>
    (input, { name }) => ({ input, name }),
  /** As many parts as are asked for, and how many there were. */
  parts:
    async () =>
    (count: number, { emit }) => {
      const shared = Buffer.from('0123456789'.repeat(100));
      for (let part = 0; part < count; part++)
        emit({ part, bytes: shared.subarray(part % 10, (part % 10) + 1) });
      return count;
    },
  wait:
    async () =>
    (_, { emit }) => {
      emit('waiting');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
  /** Counts on as long as it lives. */
  spin:
    async () =>
    (counter: Int32Array, { emit }) => {
      emit('spinning');
      for (;;) Atomics.add(counter, 0, 1);
    },
  damaged: async () => () => {
    throw new SnapbackError('integrity', {
      operation: 'read the database',
      object: 'it.db',
      reason: 'is damaged',
      hint: 'Use another.',
      cause: new Error('beneath'),
    });
  },
  mistaken: async () => () => {
    throw new TypeError('nothing is not a function');
  },
  exits: async () => () => process.exit(3),
  throwsLater: async () => () => {
    setImmediate(() => {
      throw new Error('thrown where nobody waits');
    });
    return new Promise(() => {});
  },
});
