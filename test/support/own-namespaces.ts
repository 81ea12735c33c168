/** A script in namespaces of its own: what it mounts, or that it has no network, is seen by nobody else. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs a shell script as root of its own namespaces (`--mount`, `--net`), which end with it, and gives what it prints;
 * rejects when it fails. Without the right to: skipped, and failed in CI.
 */
export const inOwnNamespaces = async (
  context: { skip(note: string): void },
  kinds: ('--mount' | '--net')[],
  script: string,
  ...args: string[]
): Promise<string> => {
  const own = ['--map-root-user', ...kinds];
  try {
    await run('unshare', [...own, 'true']);
  } catch (error) {
    if (process.env.CI) throw error;
    context.skip(`unshare ${own.join(' ')} is not possible here`);
  }
  return (await run('unshare', [...own, 'sh', '-c', script, 'sh', ...args])).stdout;
};
