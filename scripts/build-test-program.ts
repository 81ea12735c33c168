/** Builds one of the Go programs that the tests run into the cache folder: `build-test-program.ts NAME`. */
import { buildGoProgram, type GoProgram, titleOf } from '../test/support/go-programs.ts';

const name = process.argv[2] as GoProgram;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => stop.abort(new Error(`${signal} came`)));
try {
  const { path, present } = await buildGoProgram(name, stop);
  console.log(`${titleOf(name)} ${present ? 'is' : 'was built from the module proxy and is now'} at ${path}`);
} catch (error) {
  console.error(`${titleOf(name)} could not be built, and its tests are skipped, or fail on CI: ${error}`);
  process.exitCode = 1;
}
