/**
 * A program that puts one object into a file store: `node put-program.ts ROOT NAME SIZE`. SIZE `stalled` writes
 * 300,000 bytes and then waits for ever. Prints the outcome as JSON.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { isSnapbackError } from '../../src/errors.ts';
import { openFileStore } from '../../src/store/file.ts';

const [root = '', name = '', size = ''] = process.argv.slice(2);

const stalled = (): Readable => {
  const body = new Readable({ read: () => {} });
  body.push(randomBytes(300_000));
  setInterval(() => {}, 1000);
  return body;
};

const body = size === 'stalled' ? stalled() : randomBytes(Number(size));
try {
  const { signal } = new AbortController();
  process.stdout.write(JSON.stringify(await openFileStore(root).put(name, body, { signal })));
} catch (error) {
  const known = isSnapbackError(error);
  process.stdout.write(
    JSON.stringify(known ? { code: error.code, message: error.message, hint: error.hint } : `${error}`),
  );
}
