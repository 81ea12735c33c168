/** How far two ways through the same records are. */
import type { Entry } from './entries.ts';

/** How many of the bytes have been read that will be, as far as that is known. */
export type ReadProgress = { done: number; total: number };

export type ProgressTwice = {
  /** For each entry. */
  step(entry: Entry): void;
  /** Before the second way. */
  again(): void;
};

const often = 1024 * 1024;

/** `size` is the file's: what lies in it beside records is counted until the first way through is over. */
export const progressTwice = (size: number, emit: (progress: ReadProgress) => void): ProgressTwice => {
  let [done, told, total] = [0, 0, 2 * size];
  return {
    step: ({ start, end }) => {
      done += end - start;
      if (done - told < often) return;
      told = done;
      emit({ done, total });
    },
    again: () => {
      total = 2 * done;
    },
  };
};
