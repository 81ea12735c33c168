/** The settings that work, as a config file. */
import { lstat, writeFile } from 'node:fs/promises';
import { from, SnapbackError } from '../errors.ts';
import { fileTrouble } from '../file-trouble.ts';

const operation = 'write the config file';

/** Throws `refused` for a file that is there, before anything else is done. */
export const newConfig = async (file: string): Promise<void> => {
  const there = await lstat(file).catch(() => null);
  if (there !== null) throw taken(file);
};

/** Writes what was given with what mends it. The error is `refused` for a file that is there by now, or `failed`. */
export const writeConfig = async (
  { file, given }: { file: string; given: Record<string, string[]> },
  mends: Record<string, string>,
): Promise<SnapbackError | null> => {
  const { stringify } = await import('yaml');
  const single = Object.entries(given).map(([flag, texts]) => [flag, texts.length === 1 ? texts[0] : texts]);
  const text = stringify({ ...Object.fromEntries(single), ...mends });
  try {
    await writeFile(file, `# Written by snapback doctor, which tried it.\n${text}`, { flag: 'wx' });
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return taken(file);
    return from(error, 'failed', {
      operation,
      object: `config file ${file}`,
      reason: fileTrouble(error),
      hint: 'Name another with --write-config FILE.',
    });
  }
};

const taken = (file: string): SnapbackError =>
  new SnapbackError('refused', {
    operation,
    object: `config file ${file}`,
    reason: 'is already there, and nothing is overwritten',
    hint: 'Name another with --write-config FILE.',
  });
