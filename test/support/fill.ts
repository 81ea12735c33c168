/** Keys with values, quickly, in an etcd of a test or a benchmark. */
import { randomBytes } from 'node:crypto';
import { openClient } from '../../src/etcd/client.ts';
import type { EtcdSettings } from '../../src/etcd/settings.ts';

/** Writes `count` keys `prefix` + number with `size` random bytes each. */
export const fill = async (
  settings: EtcdSettings,
  { count, size, prefix = 'key-' }: { count: number; size: number; prefix?: string },
): Promise<void> => {
  const { signal } = new AbortController();
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  // Transactions below etcd's limits: 128 operations, 1.5 MiB.
  const perTransaction = Math.max(1, Math.min(100, Math.floor(1_000_000 / (size + 100))));
  let next = 0;
  const write = async () => {
    while (next < count) {
      const first = next;
      next = Math.min(count, first + perTransaction);
      const success = Array.from({ length: next - first }, (_, index) => ({
        request_put: { key: Buffer.from(`${prefix}${first + index}`), value: randomBytes(size) },
      }));
      await client.etcd3((etcd3, options) => etcd3.kv.txn({ compare: [], success, failure: [] }, options), {
        operation: 'fill',
        signal,
      });
    }
  };
  await Promise.all([write(), write(), write(), write()]);
};
