/** Knocks at an endpoint, and when the door stays shut finds out why. */
import type { ConnectionOptions } from 'node:tls';
import type { SnapbackError } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import { shut } from './door-error.ts';
import type { Endpoint } from './endpoint.ts';
import { type Knock, knock, type Phase } from './knock.ts';

/**
 * Resolves when the endpoint speaks what etcd's clients speak and takes our certificate. Throws `etcd` with the
 * reason when it does not, and the signal's reason when that comes first; `onPhase` hears how far it came.
 */
export const openDoor = async (
  endpoint: Endpoint,
  credentials: Credentials,
  { signal, onPhase }: { signal: AbortSignal; onPhase(phase: Phase): void },
): Promise<void> => {
  const first = await knock(endpoint, credentials.tls, { signal, onPhase, greet: true });
  if (first.open) return;
  throw (await lookCloser(endpoint, credentials, first, signal)) ?? shut(endpoint, credentials, first);
};

// A second knock tells what the first could not; when there is no time left for it, the first one's reason stands.
const lookCloser = async (
  endpoint: Endpoint,
  { tls, certificates }: Credentials,
  first: Exclude<Knock, { open: true }>,
  signal: AbortSignal,
): Promise<SnapbackError | null> => {
  const again = async (with_: ConnectionOptions | null, greet: boolean): Promise<Knock | null> => {
    try {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(1000)]);
      return await knock(endpoint, with_, { signal: limited, onPhase: () => {}, greet });
    } catch {
      return null;
    }
  };
  if (first.error === null || first.phase === 'connect') return null;
  if (tls === null) {
    const second = await again({ rejectUnauthorized: false, ALPNProtocols: ['h2'] }, true);
    const handshakeDone = second !== null && (second.open || second.phase === 'answer');
    return handshakeDone ? shut(endpoint, { tls, certificates }, { ...first, answered: 'tls-alert' }) : null;
  }
  if (first.phase === 'handshake') {
    const second = hasCode(first.error, /^ERR_SSL_WRONG_VERSION|^EPROTO|^ECONNRESET/)
      ? await again(null, true)
      : null;
    return second?.open ? shut(endpoint, { tls, certificates }, { ...first, answered: 'http-2' }) : null;
  }
  // What we sent can push the server's alert off the wire, so listen once without a word.
  const second = hasCode(first.error, /^ERR_SSL/) ? null : await again(tls, false);
  return second === null || second.open ? null : shut(endpoint, { tls, certificates }, second);
};

const hasCode = (error: Error, pattern: RegExp) => 'code' in error && pattern.test(String(error.code));
