/** What etcd itself says its keys were at a revision. */
import { type EtcdClient, openClient } from '../../src/etcd/client.ts';
import type { EtcdSettings } from '../../src/etcd/settings.ts';

export type KeyOfEtcd = {
  key: Buffer;
  value: Buffer;
  createRevision: number;
  modRevision: number;
  version: number;
  /** Decimal; null without one. */
  lease: string | null;
};

const { signal } = new AbortController();

/** In the order of the keys; all where `prefix` is empty. */
export const keysOfEtcd = async (
  settings: EtcdSettings,
  { revision, prefix = '' }: { revision: number; prefix?: string },
): Promise<KeyOfEtcd[]> => {
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  const found: KeyOfEtcd[] = [];
  for (let from: Buffer = Buffer.from(prefix || '\0'); ; ) {
    const page = await pageOf(client, from, revision);
    found.push(...page);
    const last = page.at(-1);
    if (!last) break;
    from = Buffer.concat([last.key, Buffer.from([0])]);
  }
  return found.filter(({ key }) => key.subarray(0, prefix.length).equals(Buffer.from(prefix)));
};

const pageOf = async (client: EtcdClient, key: Buffer, revision: number): Promise<KeyOfEtcd[]> => {
  const request = { key, range_end: Buffer.from([0]), revision, limit: 50 };
  const { kvs } = await client.etcd3((etcd3, options) => etcd3.kv.range(request, options), {
    operation: 'read the keys',
    signal,
  });
  return kvs.map(({ key: name, value, create_revision, mod_revision, version, lease }) => ({
    key: name,
    value,
    createRevision: Number(create_revision),
    modRevision: Number(mod_revision),
    version: Number(version),
    lease: lease === '0' ? null : lease,
  }));
};
