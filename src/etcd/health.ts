/** What a member says of its health to anybody, also with authentication enabled. */
import { request } from 'node:http';
import { SnapbackError } from '../errors.ts';

/**
 * Asks `/health` on a member's unix socket: has it a leader, and does a linearizable read get as far as to its
 * permissions (etcd: etcdhttp/health.go; before 3.5 a read of the v2 store). A NOSPACE alarm does not count, but before
 * 3.5, which knows of no exceptions. Throws `etcd` when it does not answer, or the signal's reason.
 */
export const isHealthy = (
  socketPath: string,
  { milliseconds, signal }: { milliseconds: number; signal: AbortSignal },
): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(
        signal.aborted
          ? signal.reason
          : new SnapbackError('etcd', {
              operation: 'ask for the health',
              object: `etcd unix:${socketPath}`,
              reason: `did not answer (${error.message})`,
              cause: error,
            }),
      );
    const asked = request(
      { socketPath, path: '/health?exclude=NOSPACE', timeout: milliseconds, signal, agent: false },
      answer => {
        answer.resume();
        answer.on('error', failed);
        answer.on('end', () => resolve(answer.statusCode === 200));
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${milliseconds} ms`)));
    asked.on('error', failed);
    asked.end();
  });
