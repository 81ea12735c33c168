/** The checks of a store, one after the other: what each found, and which say nothing because another failed. */
import { isSnapbackError } from '../errors.ts';
import type { Examined } from './store.ts';

/** `usable` is false where checks that need this one would only fail for the same reason. */
export type Finding = Omit<Examined, 'name'> & { usable: boolean };

/** A check that is still to be made. */
export type Step = {
  name: string;
  /** Names of earlier steps without which it says nothing. */
  needs: string[];
  run(): Promise<Finding>;
};

/** Runs the steps in order. A SnapbackError that one throws is its finding; rejects with the signal's reason. */
export async function* inTurn(steps: Step[], signal: AbortSignal): AsyncGenerator<Examined> {
  const unusable = new Set<string>();
  for (const { name, needs, run } of steps) {
    signal.throwIfAborted();
    const missing = needs.find(need => unusable.has(need));
    const finding = missing === undefined ? await run().catch(failedBy) : notTried(`needs ${missing}`);
    signal.throwIfAborted();
    const { usable, ...found } = finding;
    if (!usable) unusable.add(name);
    yield { name, ...found };
  }
}

/** All is well. */
export const passed = (detail: string): Finding => ({
  status: 'pass',
  detail,
  hint: null,
  mends: null,
  usable: true,
});

/** It works, and somebody should know; checks that need this one are made. */
export const warned = (detail: string, hint: string | null): Finding => ({
  ...passed(detail),
  status: 'warning',
  hint,
});

/** It does not work. */
export const failed = (detail: string, hint: string | null): Finding => ({
  ...passed(detail),
  status: 'fail',
  hint,
  usable: false,
});

/** It would say nothing; nor do those that need it. */
export const notTried = (detail: string): Finding => ({
  ...passed(detail),
  status: 'skipped',
  usable: false,
});

/** The finding that an error of the program is; anything else is thrown on. */
export const failedBy = (error: unknown): Finding => {
  if (!isSnapbackError(error)) throw error;
  return failed(`${error.object} ${error.reason}`, error.hint);
};
