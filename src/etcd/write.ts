/** The proof that an etcd takes writes. */
import type { EtcdClient } from './client.ts';

/**
 * Writes `key` and removes it again, as two revisions; for a throwaway etcd. Throws `etcd` (`refusalOf` gives
 * `no-space` when the NOSPACE alarm forbids it), or the signal's reason.
 */
export const writeAndRemove = async (
  client: EtcdClient,
  key: string,
  { signal }: { signal: AbortSignal },
): Promise<void> => {
  const bytes = Buffer.from(key);
  await client.etcd3(
    (etcd3, options) => etcd3.kv.put({ key: bytes, value: Buffer.from('etcd-snapback') }, options),
    { operation: 'write a key', signal },
  );
  await client.etcd3((etcd3, options) => etcd3.kv.deleteRange({ key: bytes }, options), {
    operation: 'remove a key',
    signal,
  });
};
