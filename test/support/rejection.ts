/** The error that a promise must fail with. */
import { isSnapbackError, type SnapbackError } from '../../src/errors.ts';

/** Rejects when `promise` resolves, and with the foreign error when it fails with one that is not this program's. */
export const rejection = async (promise: Promise<unknown>): Promise<SnapbackError> => {
  try {
    const value = await promise;
    await (value as Partial<AsyncDisposable> | undefined)?.[Symbol.asyncDispose]?.();
  } catch (error) {
    if (isSnapbackError(error)) return error;
    throw error;
  }
  throw new Error('it succeeded');
};
