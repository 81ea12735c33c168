/** Whether etcd asks for a user. */
import type { EtcdClient } from './client.ts';
import { authenticateMethod } from './messages.ts';
import { refusalOf } from './refusal.ts';

/**
 * True when authentication is enabled; null only when etcd's answer says neither. Needs a quorum. Throws `etcd`, or
 * the signal's reason.
 */
export const authEnabled = async (
  client: EtcdClient,
  { signal }: { signal: AbortSignal },
): Promise<boolean | null> => {
  if (client.loggedIn) return true;
  const settings = { operation: 'ask whether authentication is enabled', signal };
  try {
    return (await client.etcd3((etcd3, options) => etcd3.auth.authStatus(options), settings)).enabled;
  } catch (error) {
    if (signal.aborted) throw error;
    const refusal = refusalOf(error);
    if (refusal === 'anonymous' || refusal === 'denied') return true;
    if (refusal !== 'unknown-call') throw error;
  }
  // 3.4 has no such call, but tells it to anyone who logs in; a name that nobody has can lock nobody out.
  try {
    await client.unary(authenticateMethod, { name: '', password: '' }, settings);
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === 'no-auth') return false;
    if (refusal === 'login' || refusal === 'anonymous') return true;
    throw error;
  }
};
