/** The checks of one verification, as they end: told, kept, and summed up. */
import type { Check } from '../catalog/verdict.ts';
import { isSnapbackError, SnapbackError } from '../errors.ts';
import { recoveryPhases } from '../recovery-phases.ts';
import type { Context } from './context.ts';

export const collector = ({ notify }: Context) => {
  const all: Check[] = [];
  return {
    all,
    add: (check: Check) => {
      all.push(check);
      notify({ kind: 'check', ...check });
    },
    summary: (started: Date) => ({
      pass: all.every(({ status }) => status !== 'fail'),
      checks: all,
      seconds: (Date.now() - started.getTime()) / 1000,
    }),
  };
};

/** Runs a check whose `integrity` error is a finding; everything else is thrown. */
export const finding = async (
  name: string,
  add: (check: Check) => void,
  run: () => Promise<string>,
): Promise<boolean> => {
  const begun = performance.now();
  try {
    const detail = await run();
    add({ name, status: 'pass', detail, seconds: (performance.now() - begun) / 1000 });
    return true;
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'integrity') throw error;
    add({
      name,
      status: 'fail',
      detail: `${error.object} ${error.reason}`,
      seconds: (performance.now() - begun) / 1000,
    });
    return false;
  }
};

/** What a real restore has too: fetching, restoring, booting. */
export const recovery = (checks: Check[]): number =>
  checks
    .filter(({ name }) => recoveryPhases.includes(name))
    .reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);

/** A finding about the restored copy. */
export const differs = (reason: string): SnapbackError =>
  new SnapbackError('integrity', { operation: 'drill', object: 'the restored etcd', reason });
