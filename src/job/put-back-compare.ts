/** The plan of `put-back`: each key of the snapshot compared with what the cluster holds now. */
import type { EtcdClient } from '../etcd/client.ts';
import { countRange, readLiving } from '../etcd/living.ts';
import { fewestPrefixes, prefixRange, startsWith } from '../key-range.ts';
import { keyName, resourceName } from '../kubernetes/key-name.ts';
import { whyVolatile } from '../kubernetes/volatile.ts';
import type { Context } from './context.ts';
import { inBatches } from './put-back-batches.ts';
import { namespaces } from './put-back-namespaces.ts';
import { actionFor, type Rules } from './put-back-plan.ts';
import { countIn, noKeys, type PutBackPlan, type PutBackResult } from './put-back-result.ts';
import type { EachEntry, Selection, SnapshotEntry } from './snapshot-entries.ts';

export type Compared = Pick<
  PutBackResult,
  'plan' | 'volatileResources' | 'missingNamespaces' | 'onlyInCluster' | 'leased' | 'encrypted' | 'kubernetes'
> & {
  /** The first of the single keys that the snapshot does not have; null where it has all. */
  missing: string | null;
  /** For each entry of the snapshot, in its order: the mod revision to write over, 0 to create, or `leave`. */
  seen: number[];
};

export const leave = -1;

/** Throws what reading the snapshot throws, `etcd`, or the signal's reason. */
export const compare = async (
  client: EtcdClient,
  eachEntry: EachEntry,
  { prefixes, keys }: Selection,
  rules: Rules,
  { signal, progress }: Context,
): Promise<Compared> => {
  const plan = newPlan();
  const seen: number[] = [];
  const resources = new Map<string, { resource: string; keys: number; why: string }>();
  const used = namespaces();
  const facts = { leased: 0, encrypted: 0, kubernetes: false };
  const missing = new Set(keys);
  const single = new Map(keys.flatMap(names => names.map(name => [name.toString('latin1'), names] as const)));
  let bytes = 0;
  let underPrefixes = 0;

  const batches = inBatches<SnapshotEntry>(async batch => {
    const living = await readLiving(
      client,
      batch.map(({ key }) => key),
      { signal },
    );
    for (const [index, entry] of batch.entries()) {
      const now = living[index] ?? null;
      const name = keyName(entry.key);
      const why = name && whyVolatile(name);
      const action = actionFor({ value: entry.value, volatile: why !== null }, now, rules);
      const written = action === 'create' || action === 'overwrite';
      countIn(plan[action], entry);
      missing.delete(single.get(entry.key.toString('latin1')) ?? []);
      seen.push(written ? (now?.modRevision ?? 0) : leave);
      if (now && prefixes.some(prefix => startsWith(entry.key, prefix))) underPrefixes += 1;
      if (name && why !== null && action === 'volatile') addResource(resources, resourceName(name), why);
      if (written && entry.leased) facts.leased += 1;
      if (written && startsWith(entry.value, encryptedMark)) facts.encrypted += 1;
      if (name && action !== 'volatile' && action !== 'exists') used.has(name);
      if (name && written) {
        used.uses(name);
        facts.kubernetes = true;
      }
      bytes += entry.key.length + entry.value.length;
    }
    progress({ phase: 'compared', done: bytes, total: null });
  });
  await eachEntry(batches.add, { signal });
  await batches.flush();

  const onlyInCluster = Math.max(0, (await countUnder(client, prefixes, signal)) - underPrefixes);
  return {
    plan,
    seen,
    missing: [...missing][0]?.[0]?.toString() ?? null,
    onlyInCluster,
    volatileResources: [...resources.values()],
    missingNamespaces: await used.missing(client, { signal }),
    ...facts,
  };
};

const newPlan = (): PutBackPlan => ({
  create: noKeys(),
  overwrite: noKeys(),
  same: noKeys(),
  exists: noKeys(),
  volatile: noKeys(),
});

// Kubernetes: apiserver/pkg/server/options/encryptionconfig/config.go.
const encryptedMark = Buffer.from('k8s:enc:');

const addResource = (
  resources: Map<string, { resource: string; keys: number; why: string }>,
  resource: string,
  why: string,
): void => {
  const known = resources.get(resource);
  if (known) known.keys += 1;
  else resources.set(resource, { resource, keys: 1, why });
};

const countUnder = async (client: EtcdClient, prefixes: Buffer[], signal: AbortSignal): Promise<number> => {
  let sum = 0;
  for (const prefix of fewestPrefixes(prefixes))
    sum += await countRange(client, prefixRange(prefix), { signal });
  return sum;
};
