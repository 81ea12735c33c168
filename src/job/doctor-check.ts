/** A check of this machine. */
import { isSnapbackError, type SnapbackError } from '../errors.ts';
import type { Examined } from '../store/store.ts';

/** `error` is what a failed check ends the command with. */
export type MachineCheck = Examined & { error: SnapbackError | null };

/** The check that an error of the program is; anything else is thrown on. */
export const failedCheck = (name: string, error: unknown): MachineCheck => {
  if (!isSnapbackError(error)) throw error;
  const detail = `${error.object} ${error.reason}`;
  return { name, status: 'fail', detail, hint: error.hint, mends: null, error };
};
