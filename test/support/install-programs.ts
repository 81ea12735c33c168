/**
 * A program that installs etcd's programs: `node install-programs.ts MINOR JSON`, with the options of
 * installPrograms but PATH, steps and signal as JSON. Prints the outcome as JSON.
 */
import { isSnapbackError } from '../../src/errors.ts';
import { installPrograms } from '../../src/programs/install.ts';
import type { Minor } from '../../src/programs/versions.ts';

const [minor, options] = process.argv.slice(2);
const steps: string[] = [];
try {
  const installed = await installPrograms(minor as Minor, {
    ...JSON.parse(options ?? ''),
    path: process.env.PATH ?? '',
    onStep: (text: string) => steps.push(text),
    signal: new AbortController().signal,
  });
  process.stdout.write(JSON.stringify({ ...installed, steps }));
} catch (error) {
  process.stdout.write(
    JSON.stringify(isSnapbackError(error) ? { code: error.code, message: error.message } : `${error}`),
  );
}
